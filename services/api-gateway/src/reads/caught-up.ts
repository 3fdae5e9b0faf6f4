// Whether the read model has seen all that was on record at the call: only then is what it does not know not there.
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventLog, LogUnavailableError } from '@ironlog/event-log';
import { ReadModelNotReady } from '@ironlog/read-model';
import type { Reads } from './port.ts';

const MAX_WAIT_MS = 2_000;
const PAUSE_MS = 5;

export interface CaughtUpDeps {
  readonly reads: Pick<Reads, 'positions'>;
  readonly events: Pick<EventLog, 'info'>;
  /** WORK, of which only the end is asked. */
  readonly work: Pick<EventLog, 'info'>;
}

/** `false`: not within its bound, or nobody can say. */
export const caughtUp = async ({ reads, events, work }: CaughtUpDeps): Promise<boolean> => {
  try {
    const [eventsEnd, workEnd] = await Promise.all([events.info(), work.info()]);
    const deadline = performance.now() + MAX_WAIT_MS;
    for (;;) {
      const seen = reads.positions();
      if (seen.events >= eventsEnd.lastSequence && seen.work >= workEnd.lastSequence) return true;
      if (performance.now() >= deadline) return false;
      await sleep(PAUSE_MS);
    }
  } catch (error) {
    if (error instanceof LogUnavailableError || error instanceof ReadModelNotReady) return false;
    throw error;
  }
};
