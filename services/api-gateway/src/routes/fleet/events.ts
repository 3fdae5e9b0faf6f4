// GET /v1/events: the tenant's events as they happen, in the log's order; NDJSON, or SSE that resumes at Last-Event-ID.
import { Readable } from 'node:stream';
import { eventsQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { stream } from '../../http/document/answers.ts';
import { eventCursor } from '../../http/headers/event-cursor.ts';
import { ProblemError, problemBody } from '../../http/problem.ts';
import { LIMITS } from '../../http/server/limits.ts';
import { FORMATS, formatFor, writeFrames } from '../../http/views/event-frames.ts';
import { maySee } from '../../http/views/event-view.ts';
import { streamEvents } from '../../tail/event-stream.ts';

/** Half of what is promised: a timer may be late. */
const HEARTBEAT_MS = 5_000;

const DESCRIPTION = [
  'All that is on record after the cursor, then what happens, in the order of the log, without a gap or a repeat.',
  'Last-Event-ID stands above `after` and `from`: a client that reconnects to its URL goes on where it was.',
  'A stream that follows says at its start, and at least every 10 seconds, how far it has got:',
  'SSE by a frame with an `id` alone, NDJSON by a blank line, which is to be skipped.',
  'As often the token is judged again: when it is revoked, has expired, or is of another tenant or role, the stream ends;',
  'SSE with a last `event: end` whose data is the problem that a request would be answered with.',
  `A token may hold ${LIMITS.streamsPerToken} streams open, and the tokens of a tenant ${LIMITS.streamsPerTenant} between them; one more is a 429.`,
].join(' ');

export const events: Route = (app, api) => {
  let open = 0;
  const clients = api.metrics.gauge('ironlog_sse_clients');
  const count = (change: 1 | -1): void => {
    open += change;
    clients.set(open);
  };
  app.get(
    '/v1/events',
    {
      config: { access: 'read', resumable: true },
      schema: {
        operationId: 'streamEvents',
        tags: ['events'],
        summary: 'Follow events',
        description: DESCRIPTION,
        querystring: eventsQuerySchema,
        response: stream(Object.values(FORMATS)),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { vmId, follow } = request.query;
      const format = formatFor(request);
      const after = await eventCursor(api, request, request.query);
      if (open >= LIMITS.streams)
        throw new ProblemError('overloaded', `${LIMITS.streams} streams are open already; close one or try again`);
      const frames = streamEvents(api, {
        tenant: principal.tenant,
        after,
        follow,
        visible: (event) =>
          maySee(principal, event) &&
          (vmId === undefined || (event.stored.kind !== 'image' && event.stored.event.subject === vmId)),
        heartbeatMs: HEARTBEAT_MS,
        refusal: () => {
          const problem = request.refusal();
          return problem && problemBody(problem, '/v1/events', request.traceparent?.split('-')[1]);
        },
        signal: request.gone,
      });
      count(1);
      const body = Readable.from(writeFrames(frames, format), { objectMode: false });
      body.once('close', () => count(-1));
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').type(FORMATS[format]);
      return reply.send(body);
    },
  );
};
