// The start of an event stream: after the last event that its reader received, and never with a silent gap.
import type { FastifyRequest } from 'fastify';
import type { Api } from '../api.ts';
import { ProblemError } from '../problem.ts';

export interface EventsQuery {
  readonly after?: number | undefined;
  readonly from?: 'now' | undefined;
}

/** `Last-Event-ID` overrides the query: a client that reconnects sends its original URL again. @throws ProblemError */
export const eventCursor = async (
  api: Pick<Api, 'logInfo' | 'tail'>,
  { headers }: Pick<FastifyRequest, 'headers'>,
  { after, from }: EventsQuery,
): Promise<number> => {
  const seen = lastEventId(headers['last-event-id']);
  if (seen === undefined && from === 'now') return api.tail.ring.last();
  const { firstSequence, lastSequence } = await api.logInfo();
  const earliest = Math.max(0, firstSequence - 1);
  const cursor = seen ?? after ?? earliest;
  if (cursor < earliest)
    throw new ProblemError(
      'sequence-gone',
      `events up to ${earliest} are no longer kept; the earliest is ${firstSequence}: use after=${earliest}`,
    );
  if (cursor > lastSequence)
    throw new ProblemError('invalid-request', `sequence ${cursor} is after the log's end ${lastSequence}`, {
      errors: [{ path: seen === undefined ? 'querystring.after' : LAST_EVENT_ID, message: 'beyond the end' }],
    });
  return cursor;
};

const LAST_EVENT_ID = 'headers.last-event-id';

/** @throws ProblemError for what no stream gave. */
export const lastEventId = (value: string | readonly string[] | undefined): number | undefined => {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  throw new ProblemError('invalid-request', 'Last-Event-ID is not an id that this stream gave', {
    errors: [{ path: LAST_EVENT_ID, message: 'must be a whole number' }],
  });
};
