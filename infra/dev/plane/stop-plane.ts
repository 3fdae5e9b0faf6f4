// The end of a plane: the services first, for an executor would take the end of a VM for a crash; nats-server last.
import type { FoundProcess } from '@ironlog/hypervisor';
import type { KeptNats } from '../../nats/supervised-nats.ts';
import { endGuests, findGuests } from '../processes/hypervisor-processes.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { countedVms } from '../terminal/countdown.ts';
import { HOW_TO_HURRY, tellIfLong } from '../terminal/slow-step.ts';

export interface PlaneParts {
  readonly supervisor: Supervisor;
  /** Absolute, real paths. */
  readonly hostDirectories: readonly string[];
  readonly nats: KeptNats | undefined;
  readonly unlock: () => void;
  readonly say: (line: string) => void;
  /** Aborted: nothing is given time to end by itself. */
  readonly hurry: AbortSignal | undefined;
}

/** Ends everything but the VMs that are kept, and says what it ended and what runs on. */
export const endPlane = async (parts: PlaneParts, isKept: (guest: FoundProcess) => boolean): Promise<void> => {
  const { supervisor, hostDirectories, nats, unlock, say, hurry } = parts;
  await supervisor.stop(hurry);
  const guests = await findGuests(hostDirectories);
  const ended = guests.filter((guest) => !isKept(guest));
  await endGuests(ended, hurry);
  const line = (): string => `waiting for nats-server to end ${HOW_TO_HURRY}`;
  if (nats) await (hurry ? tellIfLong(say, line, () => nats.stop(hurry)) : nats.stop());
  unlock();
  const kept = guests.length - ended.length;
  if (ended.length > 0) say(`ended the processes of ${countedVms(ended.length)}`);
  if (kept > 0) say(`still running: ${countedVms(kept)}, for the next npm start to adopt`);
};
