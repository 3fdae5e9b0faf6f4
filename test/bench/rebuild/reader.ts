// One way of reading the whole log, in its own process: both sides start cold.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECTOR_NODE_OPTIONS } from '@ironlog/infra';
import { z } from 'zod';

const run = promisify(execFile);
const WITHIN_MS = 120_000;

const outcomeSchema = z.strictObject({ events: z.int(), ms: z.number(), residentMb: z.number() });
export type Reading = z.output<typeof outcomeSchema>;

/** The input of a reader process; credentials are in the environment, not in the arguments. */
const environmentSchema = z.object({
  BENCH_NATS_URL: z.string(),
  BENCH_NATS_PASSWORD: z.string(),
  BENCH_EVENTS: z.coerce.number(),
  BENCH_DIRECTORY: z.string(),
});

export interface ReaderTask {
  readonly url: string;
  readonly password: string;
  readonly events: number;
  /** Empty, for the reader's own files. */
  readonly directory: string;
}

/** The NATS user of both. */
export const READER = 'projector';

/** @throws Error with the process's output when it fails. */
export const read = async (script: string, task: ReaderTask): Promise<Reading> => {
  const { stdout } = await run(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...PROJECTOR_NODE_OPTIONS, join(import.meta.dirname, script)],
    {
      timeout: WITHIN_MS,
      env: {
        ...process.env,
        BENCH_NATS_URL: task.url,
        BENCH_NATS_PASSWORD: task.password,
        BENCH_EVENTS: String(task.events),
        BENCH_DIRECTORY: task.directory,
      },
    },
  );
  const reading = outcomeSchema.parse(JSON.parse(stdout));
  if (reading.events !== task.events) throw new Error(`${script} read ${reading.events} of ${task.events} events`);
  return reading;
};

/** For the reader processes. */
export const readerTask = (): ReaderTask => {
  const env = environmentSchema.parse(process.env);
  return {
    url: env.BENCH_NATS_URL,
    password: env.BENCH_NATS_PASSWORD,
    events: env.BENCH_EVENTS,
    directory: env.BENCH_DIRECTORY,
  };
};

export const writeReading = (reading: Omit<Reading, 'residentMb'>): void => {
  const residentMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ ...reading, residentMb }));
};
