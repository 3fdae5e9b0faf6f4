// Until when a command may be started: as it was asked for, or by default; and whether that is still to come.
import { DEFAULT_START_WITHIN_SECONDS, MAX_START_WITHIN_SECONDS, type Timestamp } from '@ironlog/schemas';
import type { Refused, Submission, Validated } from './submission.ts';

const SECOND_MS = 1000;

export const startByOf = ({ startBy, requestedAt }: Submission): Timestamp =>
  startBy ?? new Date(Date.parse(requestedAt) + DEFAULT_START_WITHIN_SECONDS * SECOND_MS).toISOString();

/** Asked only of a command that is not known yet: whether one that ran is late is no question any more (P2). */
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
