// Checks every few seconds, about as often as the heartbeat, whether another executor has taken over this host: an idle
// executor must learn of it and stop (P4).
import type { Incarnation } from './incarnation.ts';

const ASK_EVERY_MS = 3000;

/** Returns the function that ends it. The incarnation reports supersession itself. A failed check is repeated. */
export const watchIncarnation = (incarnation: Pick<Incarnation, 'check'>, everyMs = ASK_EVERY_MS): (() => void) => {
  const timer = setInterval(() => void incarnation.check().catch(() => undefined), everyMs);
  return () => clearInterval(timer);
};
