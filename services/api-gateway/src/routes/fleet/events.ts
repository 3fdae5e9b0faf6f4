// GET /v1/events: the tenant's events in the log's order; NDJSON, or SSE that resumes at Last-Event-ID.
import { Readable } from 'node:stream';
import { eventsQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { stream } from '../../http/document/answers.ts';
import { eventCursor } from '../../http/headers/event-cursor.ts';
import { problemBody } from '../../http/problem.ts';
import { LIMITS } from '../../http/server/limits.ts';
import { FORMATS, formatFor, writeFrames } from '../../http/views/event-frames.ts';
import { maySee } from '../../http/views/event-view.ts';
import { streamEvents } from '../../tail/event-stream.ts';

/** Half of the promised interval: a timer may be late. */
const HEARTBEAT_MS = 5_000;

const DESCRIPTION = [
  'All stored events after the cursor, then new ones, in the order of the log, without a gap or a repeat.',
  'Last-Event-ID overrides `after` and `from`: a client that reconnects to its URL continues where it was.',
  'A stream that follows sends its position at its start, and at least every 10 seconds:',
  'SSE by a frame with an `id` alone, NDJSON by a blank line, which a client must skip.',
  'As often the token is checked again: when it is revoked or expired, or has another tenant or role, the stream ends;',
  'SSE with a last `event: end` whose data is the problem that a request would get.',
  `A token may hold ${LIMITS.streamsPerToken} streams open, and the tokens of a tenant ${LIMITS.streamsPerTenant} together; one more is a 429.`,
].join(' ');

export const events: Route = (app, api) => {
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
      api.streams.refuseMore();
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
      const body = Readable.from(writeFrames(frames, format), { objectMode: false });
      api.streams.count(body);
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').type(FORMATS[format]);
      return reply.send(body);
    },
  );
};
