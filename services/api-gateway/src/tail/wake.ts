// Waits for a condition that events change: checked at each relevant event, and periodically.
import type { Recorded } from '@ironlog/event-log';
import type { Tail } from './tail.ts';

/** A change that only the read model has (this gateway's memory began later) causes no event here. */
const RECHECK_MS = 200;

export interface WakeOptions<Answer> {
  readonly tail: Pick<Tail, 'subscribe'>;
  /** Must be cheap: called for every event of the fleet. */
  readonly matters: (entry: Recorded) => boolean;
  /** `undefined`: not yet. Called again only after it has answered. */
  readonly condition: () => Answer | undefined | Promise<Answer | undefined>;
  readonly timeoutMs: number;
  /** Ends the wait when the client has disconnected or the service stops. */
  readonly signal: AbortSignal;
}

/** Subscribes first and checks then, so that no event is missed. `undefined`: the timeout, or the wait was aborted. */
export const wakeWhen = async <Answer>({
  tail,
  matters,
  condition,
  timeoutMs,
  signal,
}: WakeOptions<Answer>): Promise<Answer | undefined> => {
  const answered = Promise.withResolvers<Answer | undefined>();
  let isChecking = false;
  let isToCheckAgain = false;
  const check = async (): Promise<void> => {
    isToCheckAgain = true;
    if (isChecking) return;
    isChecking = true;
    try {
      while (isToCheckAgain) {
        isToCheckAgain = false;
        const answer = await condition();
        if (answer !== undefined) answered.resolve(answer);
      }
    } catch (error) {
      answered.reject(error);
    }
    isChecking = false;
  };
  const giveUp = (): void => answered.resolve(undefined);
  const leave = tail.subscribe((entry) => {
    if (matters(entry)) void check();
  });
  const recheck = setInterval(() => void check(), RECHECK_MS);
  const deadline = setTimeout(giveUp, timeoutMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    void check();
    if (signal.aborted) giveUp();
    return await answered.promise;
  } finally {
    leave();
    clearInterval(recheck);
    clearTimeout(deadline);
    signal.removeEventListener('abort', giveUp);
  }
};
