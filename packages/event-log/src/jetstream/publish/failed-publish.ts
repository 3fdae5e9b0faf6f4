// Classifies a failed publish: refused for good, refused for now, or unknown.
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import {
  ClosedConnectionError,
  DrainingConnectionError,
  InvalidArgumentError,
  InvalidSubjectError,
  PermissionViolationError,
} from '@nats-io/transport-node';
import { asError, EventLogError } from '../../errors.ts';

export type FailedPublish =
  | { readonly kind: 'wrong-last-sequence'; readonly cause: Error }
  | { readonly kind: 'busy'; readonly cause: Error }
  | { readonly kind: 'unknown'; readonly closed: boolean; readonly cause: Error };

/** "duplicate message id is in process" and "too many requests": this attempt stored nothing (nats-server's errors.json). */
const CONFLICT_STATUS = 409;
const TOO_MANY_REQUESTS_STATUS = 429;
const SERVER_STATUS = 500;

const refused = (subject: string, cause: Error): EventLogError =>
  new EventLogError('append-refused', `the server refuses a publish on ${subject}: ${cause.message}`, {
    cause,
  });

/** Throws when a retry cannot help: a bug, a wrong stream, a missing permission. */
export const failedPublish = (subject: string, thrown: unknown): FailedPublish => {
  const error = asError(thrown);
  if (error instanceof JetStreamApiError) return refusal(subject, error);
  if (isOrWraps(error, ClosedConnectionError) || isOrWraps(error, DrainingConnectionError))
    return { kind: 'unknown', closed: true, cause: error };
  for (const bug of [PermissionViolationError, InvalidArgumentError, InvalidSubjectError]) {
    if (isOrWraps(error, bug)) throw refused(subject, error);
  }
  // Timeouts, no responders (no stream leader, server starting), an invalid reply: the message may be stored.
  return { kind: 'unknown', closed: false, cause: error };
};

const refusal = (subject: string, error: JetStreamApiError): FailedPublish => {
  if (error.code === JetStreamApiCodes.StreamWrongLastSequence) return { kind: 'wrong-last-sequence', cause: error };
  if (error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown) return { kind: 'busy', cause: error };
  if (error.status === CONFLICT_STATUS || error.status === TOO_MANY_REQUESTS_STATUS)
    return { kind: 'busy', cause: error };
  // Storage full, no quorum, shutdown: no proof of absence on a cluster.
  if (error.status >= SERVER_STATUS) return { kind: 'unknown', closed: false, cause: error };
  throw refused(subject, error);
};

const isOrWraps = (error: Error, kind: abstract new (...args: never[]) => Error): boolean =>
  [error, error.cause].some((candidate) => candidate instanceof kind);
