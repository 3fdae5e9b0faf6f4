// Waiting for a condition that events change: asked again at each event that matters, and now and then regardless.
import type { Recorded } from '@ironlog/event-log';
import type { Tail } from './tail.ts';

/** What only the read model knows (this gateway's memory began later) shows without an event of ours. */
const RECHECK_MS = 200;

export interface WakeOptions<Answer> {
  readonly tail: Pick<Tail, 'subscribe'>;
  /** Cheap: asked for every event of the fleet. */
  readonly matters: (entry: Recorded) => boolean;
  /** `undefined`: not yet. Asked again only when it has answered. */
  readonly condition: () => Answer | undefined | Promise<Answer | undefined>;
  readonly timeoutMs: number;
  /** Ends the wait when the asker has gone or the service stops. */
  readonly signal: AbortSignal;
}

/** Registers first and looks then, so that nothing falls between. `undefined`: time ran out, or nobody waits any more. */
export const wakeWhen = async <Answer>({
  tail,
  matters,
  condition,
  timeoutMs,
  signal,
}: WakeOptions<Answer>): Promise<Answer | undefined> => {
  const settled = Promise.withResolvers<Answer | undefined>();
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
        if (answer !== undefined) settled.resolve(answer);
      }
    } catch (error) {
      settled.reject(error);
    }
    isChecking = false;
  };
  const giveUp = (): void => settled.resolve(undefined);
  const leave = tail.subscribe((entry) => {
    if (matters(entry)) void check();
  });
  const recheck = setInterval(() => void check(), RECHECK_MS);
  const deadline = setTimeout(giveUp, timeoutMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    void check();
    if (signal.aborted) giveUp();
    return await settled.promise;
  } finally {
    leave();
    clearInterval(recheck);
    clearTimeout(deadline);
    signal.removeEventListener('abort', giveUp);
  }
};
