// Reads what a publish came back with: refused for good, refused for now, or nobody knows. One place, so that no two disagree.
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

/** "duplicate message id is in process" and "too many requests": nothing was stored by this attempt (nats-server's errors.json). */
const CONFLICT_STATUS = 409;
const TOO_MANY_REQUESTS_STATUS = 429;
const SERVER_STATUS = 500;

const refused = (subject: string, cause: Error): EventLogError =>
  new EventLogError('append-refused', `the server refuses what is published on ${subject}: ${cause.message}`, {
    cause,
  });

/** Throws where trying again cannot help: a bug, a wrong stream, a missing permission. */
export const failedPublish = (subject: string, thrown: unknown): FailedPublish => {
  const error = asError(thrown);
  if (error instanceof JetStreamApiError) return refusal(subject, error);
  if (isOrWraps(error, ClosedConnectionError) || isOrWraps(error, DrainingConnectionError))
    return { kind: 'unknown', closed: true, cause: error };
  for (const bug of [PermissionViolationError, InvalidArgumentError, InvalidSubjectError]) {
    if (isOrWraps(error, bug)) throw refused(subject, error);
  }
  // Timeouts, no responders (the stream has no leader, the server is starting), garbage on the reply subject: it may be stored.
  return { kind: 'unknown', closed: false, cause: error };
};

const refusal = (subject: string, error: JetStreamApiError): FailedPublish => {
  if (error.code === JetStreamApiCodes.StreamWrongLastSequence) return { kind: 'wrong-last-sequence', cause: error };
  if (error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown) return { kind: 'busy', cause: error };
  if (error.status === CONFLICT_STATUS || error.status === TOO_MANY_REQUESTS_STATUS)
    return { kind: 'busy', cause: error };
  // Storage full, no quorum, shutting down: not proof of absence on a cluster.
  if (error.status >= SERVER_STATUS) return { kind: 'unknown', closed: false, cause: error };
  throw refused(subject, error);
};

const isOrWraps = (error: Error, kind: abstract new (...args: never[]) => Error): boolean =>
  [error, error.cause].some((candidate) => candidate instanceof kind);
