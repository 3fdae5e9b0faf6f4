// Reads of past states wait until history includes the given time or sequence; one in the future is refused.
import type { Timestamp } from '@ironlog/schemas';
import type { Api } from '../api.ts';
import { ProblemError } from '../problem.ts';
import { awaitPosition } from './position.ts';

/** @throws ProblemError when `sequence` is after the log's end, or history does not include it in time. */
export const awaitSequence = async (
  api: Pick<Api, 'reads' | 'tail'>,
  sequence: number,
  field: string,
): Promise<void> => {
  const last = api.tail.ring.last();
  if (sequence > last) {
    const message = `${sequence} is after the log's end, ${last}`;
    throw new ProblemError('invalid-request', `${field} ${message}`, {
      errors: [{ path: `querystring.${field}`, message }],
    });
  }
  await awaitPosition(api.reads, { events: sequence, work: 0 }, 'history');
};

/**
 * `known`: the time of a stored event, which a host's clock may have set ahead. @throws ProblemError when `at` is after both.
 */
export const refuseFuture = (at: Timestamp, now: Date, known: Timestamp | undefined): void => {
  const today = now.toISOString();
  if (at <= today || (known !== undefined && at <= known)) return;
  const message = `${at} is in the future; it is ${today}`;
  throw new ProblemError('invalid-request', `at ${message}`, { errors: [{ path: 'querystring.at', message }] });
};
