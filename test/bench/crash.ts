// From the kill of a hypervisor process to its recorded `crashed`, and to the VM running again by its policy.
import type { EventLog, Recorded } from '@ironlog/event-log';
import { findUnder } from '@ironlog/hypervisor';
import type { TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';
import type { Amounts } from './options.ts';
import type { Section } from './report.ts';
import { summarize } from './stats.ts';

const RECORD_WITHIN_MS = 100;
const RUNNING_WITHIN_MS = 1000;

interface Recovered {
  readonly recordedMs: number;
  readonly runningMs: number;
}

/**
 * When an event of the VM reaches a tail of the log, by the clock of the process that killed it. This is after the
 * append's ack, so the figure errs to the longer side.
 */
const arrivals = (log: EventLog, after: number, id: string) => {
  const stopping = new AbortController();
  const seen = new Map<string, number>();
  const onBatch = (batch: readonly Recorded[]): void => {
    for (const { read } of batch)
      if (read.ok && read.stored.kind === 'vm' && read.stored.event.subject === id)
        seen.set(read.stored.event.name, performance.now());
  };
  const following = log.tail({ after, signal: stopping.signal, onBatch });
  return {
    of: (name: string): Promise<number> => until(`${name} of ${id}`, () => seen.get(name)),
    stop: async (): Promise<void> => {
      stopping.abort();
      await following;
    },
  };
};

const crashOnce = async (test: TestPlane, id: string, adopted: boolean): Promise<Recovered> => {
  const spec = { memoryMiB: 32, restart: { policy: 'on-failure', backoffMs: 0 } };
  await test.command('POST', '/v1/vms', { id, start: true, spec });
  if (adopted) await restartExecutor(test);
  const { lastSequence } = await test.log.info();
  const tail = arrivals(test.log, lastSequence, id);
  const process_ = (await findUnder(`${test.plane.stateDir}/host-1`)).find(({ directory }) =>
    directory.endsWith(`/${id}`),
  );
  if (!process_) throw new Error(`${id} has no process`);
  const killedAt = performance.now();
  process.kill(process_.identity.pid, 'SIGKILL');
  const recordedMs = (await tail.of('crashed')) - killedAt;
  const runningMs = (await tail.of('booted')) - killedAt;
  await tail.stop();
  await test.command('DELETE', `/v1/vms/${id}?force=true`);
  return { recordedMs, runningMs };
};

const restartExecutor = async (test: TestPlane): Promise<void> => {
  const { supervisor } = test.plane;
  const before = supervisor.pidOf('vm-executor');
  // As in the chaos tests: this end does not count for the delay.
  supervisor.armOnce('vm-executor', {});
  process.kill(before ?? 0, 'SIGKILL');
  await until('another executor', () => {
    const pid = supervisor.pidOf('vm-executor');
    return pid !== undefined && pid !== before ? true : undefined;
  });
  await test.plane.ready();
};

export const benchCrash = async (test: TestPlane, { crashes }: Amounts): Promise<Section> => {
  const own: Recovered[] = [];
  const adopted: Recovered[] = [];
  for (let index = 0; index < crashes; index += 1) own.push(await crashOnce(test, `own-${index}`, false));
  for (let index = 0; index < crashes; index += 1) adopted.push(await crashOnce(test, `adopted-${index}`, true));
  const rows = [
    { what: 'kill to crashed on record, own child', unit: 'ms', ...summarize(own.map((one) => one.recordedMs)) },
    { what: 'kill to crashed on record, adopted', unit: 'ms', ...summarize(adopted.map((one) => one.recordedMs)) },
    {
      what: 'kill to running again by policy',
      unit: 'ms',
      ...summarize([...own, ...adopted].map((one) => one.runningMs)),
    },
  ] as const;
  const within = (what: string, worst: number, target: number) => ({
    what,
    value: `${worst.toFixed(1)} ms`,
    target: `< ${target} ms`,
    met: worst < target,
  });
  return {
    title: 'Crash',
    rows,
    verdicts: [
      within('crashed on record, p99 of both', Math.max(rows[0].p99, rows[1].p99), RECORD_WITHIN_MS),
      within('running again, p99', rows[2].p99, RUNNING_WITHIN_MS),
    ],
  };
};
