// Stops a plane: first the services, because an executor would record a VM's end as a crash; nats-server last.
import type { FoundProcess } from '@ironlog/hypervisor';
import type { SupervisedNats } from '../../nats/supervised-nats.ts';
import { endHypervisorProcesses, findHypervisorProcesses } from '../processes/hypervisor-processes.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { vmCount } from '../terminal/countdown.ts';
import { HOW_TO_FORCE, printIfSlow } from '../terminal/slow-step.ts';

export interface PlaneParts {
  readonly supervisor: Supervisor;
  /** Absolute, real paths. */
  readonly hostDirectories: readonly string[];
  readonly nats: SupervisedNats | undefined;
  readonly unlock: () => void;
  readonly print: (line: string) => void;
  /** Aborted: processes are killed without a grace period. */
  readonly force: AbortSignal | undefined;
}

/** Ends everything but the VMs to keep, and prints what it ended and what runs on. */
export const stopPlane = async (parts: PlaneParts, isKept: (guest: FoundProcess) => boolean): Promise<void> => {
  const { supervisor, hostDirectories, nats, unlock, print, force } = parts;
  await supervisor.stop(force);
  const guests = await findHypervisorProcesses(hostDirectories);
  const ended = guests.filter((guest) => !isKept(guest));
  await endHypervisorProcesses(ended, force);
  const line = (): string => `waiting for nats-server to end ${HOW_TO_FORCE}`;
  if (nats) await (force ? printIfSlow(print, line, () => nats.stop(force)) : nats.stop());
  unlock();
  const kept = guests.length - ended.length;
  if (ended.length > 0) print(`ended the processes of ${vmCount(ended.length)}`);
  if (kept > 0) print(`still running: ${vmCount(kept)}, for the next npm start to adopt`);
};
