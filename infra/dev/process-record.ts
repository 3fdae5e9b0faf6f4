// Which processes a supervisor started, on disk: what a killed one left behind is found and ended by the next.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, killProcess, type ProcessIdentity } from '@ironlog/hypervisor';
import { z } from 'zod';

const GRACE_MS = 12_000;
const recordSchema = z.record(z.string(), z.object({ pid: z.int(), startTime: z.string(), bootId: z.string() }));

export interface ProcessRecord {
  /** `name` now is the process `pid`. */
  started(name: string, pid: number): Promise<void>;
}

const fileOf = (stateDir: string): string => join(stateDir, 'processes.json');

/** A half-written record cannot be: it is replaced whole. @throws Error when it is there and not ours. */
const read = (stateDir: string): Record<string, ProcessIdentity> =>
  existsSync(fileOf(stateDir)) ? recordSchema.parse(JSON.parse(readFileSync(fileOf(stateDir), 'utf8'))) : {};

/** Starts with an empty record: call `endLeftovers` first. */
export const openProcessRecord = (stateDir: string): ProcessRecord => {
  const running: Record<string, ProcessIdentity> = {};
  const save = (): void => {
    writeFileSync(`${fileOf(stateDir)}.new`, JSON.stringify(running), { mode: 0o600 });
    renameSync(`${fileOf(stateDir)}.new`, fileOf(stateDir));
  };
  save();
  return {
    started: async (name, pid) => {
      const identity = await identify(pid);
      if (!identity) return;
      running[name] = identity;
      save();
    },
  };
};

/** Ends what an earlier supervisor of this state directory left running; the names of what it ended. */
export const endLeftovers = async (stateDir: string): Promise<readonly string[]> => {
  const ended = await Promise.all(
    Object.entries(read(stateDir)).map(async ([name, identity]) => {
      const outcome = await killProcess(identity, { graceMs: GRACE_MS });
      if (outcome.kind === 'alive') throw new Error(`an earlier run left ${name} running: ${outcome.reason}`);
      return outcome.by === 'itself' ? [] : [`${name} (pid ${identity.pid})`];
    }),
  );
  return ended.flat();
};
