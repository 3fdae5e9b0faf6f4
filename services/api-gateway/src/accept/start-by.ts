// A command's `startBy`: as requested, or by default; and whether it has passed.
import { DEFAULT_START_WITHIN_SECONDS, MAX_START_WITHIN_SECONDS, type Timestamp } from '@ironlog/schemas';
import type { Refused, Submission, Validated } from './submission.ts';

const SECOND_MS = 1000;

export const startByOf = ({ startBy, requestedAt }: Submission): Timestamp =>
  startBy ?? new Date(Date.parse(requestedAt) + DEFAULT_START_WITHIN_SECONDS * SECOND_MS).toISOString();

/** Checked only for an unknown command: one that has run cannot be late (P2). */
export const whyUntimely = ({ request }: Pick<Validated, 'request'>, now: Date): Refused | undefined => {
  const { startBy, bodyHash } = request;
  if (Date.parse(startBy) <= now.getTime()) {
    const reason = `startBy ${startBy} has passed; it is ${now.toISOString()}`;
    return { kind: 'refused', code: 'expired', reason, bodyHash };
  }
  if (Date.parse(startBy) <= now.getTime() + MAX_START_WITHIN_SECONDS * SECOND_MS) return undefined;
  const message = `${startBy} is more than ${MAX_START_WITHIN_SECONDS} seconds ahead`;
  return {
    kind: 'refused',
    code: 'invalid-command',
    reason: `startBy ${message}`,
    issues: [{ path: 'startBy', message }],
    bodyHash,
  };
};
