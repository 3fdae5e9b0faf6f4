// Reads of the past wait until history has got to the moment that they name; a moment that has not come is refused.
import type { Timestamp } from '@ironlog/schemas';
import type { Api } from '../api.ts';
import { ProblemError } from '../problem.ts';
import { awaitPosition } from './position.ts';

/** @throws ProblemError when `sequence` is after the log's end, or history does not get there within its bound. */
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

/** `known`: a moment on record, which a host's clock may have put ahead of this one. @throws ProblemError when `at` is after both. */
export const refuseFuture = (at: Timestamp, now: Date, known: Timestamp | undefined): void => {
  const today = now.toISOString();
  if (at <= today || (known !== undefined && at <= known)) return;
  const message = `${at} is yet to come; it is ${today}`;
  throw new ProblemError('invalid-request', `at ${message}`, { errors: [{ path: 'querystring.at', message }] });
};
