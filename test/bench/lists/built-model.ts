// The read model of a million VMs, folded once for all parts of the bench that read it.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);
const WITHIN_MS = 20 * 60_000;

const builtSchema = z.strictObject({ events: z.int(), ms: z.number(), residentMb: z.number() });

export interface BuiltModel extends z.infer<typeof builtSchema> {
  /** What a gateway is given as its read model. */
  readonly directory: string;
}

const build = async (vms: number): Promise<BuiltModel> => {
  const directory = mkdtempSync(join(tmpdir(), 'il-lists-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const script = join(import.meta.dirname, 'build.ts');
  const args = ['--disable-warning=ExperimentalWarning', script, directory, String(vms)];
  const { stdout } = await run(process.execPath, args, { timeout: WITHIN_MS });
  return { directory, ...builtSchema.parse(JSON.parse(stdout)) };
};

const models = new Map<number, Promise<BuiltModel>>();

/** Removed when the bench ends. */
export const builtModel = (vms: number): Promise<BuiltModel> => {
  const model = models.get(vms) ?? build(vms);
  models.set(vms, model);
  return model;
};
