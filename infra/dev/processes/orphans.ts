// Processes of a killed supervisor on a state directory: found in /proc and ended before a new start. Two nats-servers
// on one store, or two services of one name, must never run.
import { killProcess } from '@ironlog/hypervisor';
import { findPlaneProcesses, type PlaneProcess } from './plane-processes.ts';

const GRACE_MS = 12_000;

/** Living processes of that state directory (absolute, real path). Call it while holding the directory's lock. */
export const findOrphans = async (stateDir: string): Promise<readonly PlaneProcess[]> =>
  (await findPlaneProcesses()).filter((process) => process.stateDir === stateDir);

/** Ends them, services before their server, and prints them. @throws Error when one cannot be ended. */
export const endOrphans = async (stateDir: string, print: (line: string) => void): Promise<void> => {
  const found = await findOrphans(stateDir);
  if (found.length === 0) return;
  print(
    `ending processes of an earlier run: ${found.map(({ name, identity }) => `${name} (${identity.pid})`).join(', ')}`,
  );
  const end = async (orphans: readonly PlaneProcess[]): Promise<void> => {
    const outcomes = await Promise.all(orphans.map(({ identity }) => killProcess(identity, { graceMs: GRACE_MS })));
    for (const outcome of outcomes) if (outcome.kind === 'alive') throw new Error(outcome.reason);
  };
  await end(found.filter(({ name }) => name !== 'nats-server'));
  await end(found.filter(({ name }) => name === 'nats-server'));
};
