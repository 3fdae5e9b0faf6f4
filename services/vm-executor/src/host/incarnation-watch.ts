// Asks every few seconds, about as often as the heartbeat beats, whether another executor has taken over this host: one that
// has nothing to do must learn of it too, and end (P4).
import type { Incarnation } from './incarnation.ts';

const ASK_EVERY_MS = 3000;

/** Returns what ends it. That it is superseded, the incarnation tells by itself; a log that is away is asked again. */
export const watchIncarnation = (incarnation: Pick<Incarnation, 'check'>, everyMs = ASK_EVERY_MS): (() => void) => {
  const timer = setInterval(() => void incarnation.check().catch(() => undefined), everyMs);
  return () => clearInterval(timer);
};
