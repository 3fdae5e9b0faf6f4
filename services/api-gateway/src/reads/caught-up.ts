// Whether the read model has everything stored at the time of the call: only then does a missing entry not exist.
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventLog, LogUnavailableError } from '@ironlog/event-log';
import { ReadModelNotReady } from '@ironlog/read-model';
import type { Reads } from './port.ts';

const MAX_WAIT_MS = 2_000;
const PAUSE_MS = 5;

export interface CaughtUpDeps {
  readonly reads: Pick<Reads, 'positions'>;
  readonly events: Pick<EventLog, 'info'>;
  /** Only the end of WORK is read. */
  readonly work: Pick<EventLog, 'info'>;
}

/** `false`: not within the time limit, or unknown. */
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
