// GET /v1/events: the tenant's events as they happen, in the log's order; NDJSON, or SSE that resumes at Last-Event-ID.
import { Readable } from 'node:stream';
import { eventsQuerySchema } from '@ironlog/schemas';
import type { FastifyRequest } from 'fastify';
import { stream } from '../http/answers.ts';
import type { Api, Route } from '../http/api.ts';
import { principalOf } from '../http/context.ts';
import { eventView, maySee } from '../http/event-view.ts';
import { ProblemError } from '../http/problem.ts';
import { type Frame, streamEvents } from '../tail/event-stream.ts';

const HEARTBEAT_MS = 10_000;
/** Streams open at once over this gateway: each holds a socket and a cursor. */
const MAX_STREAMS = 500;

const FORMATS = { sse: 'text/event-stream', ndjson: 'application/x-ndjson' } as const;
type Format = keyof typeof FORMATS;

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
        querystring: eventsQuerySchema,
        response: stream(Object.values(FORMATS)),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { from, vmId, follow } = request.query;
      const format = formatFor(request);
      const after =
        from === 'now' ? api.tail.ring.last() : await cursorOf(api, request.query.after ?? lastEventId(request));
      if (open >= MAX_STREAMS)
        throw new ProblemError('overloaded', `${MAX_STREAMS} streams are open already; close one or try again`);
      const frames = streamEvents(api, {
        tenant: principal.tenant,
        after,
        follow,
        visible: (event) => maySee(principal, event) && (vmId === undefined || event.stored.event.subject === vmId),
        heartbeatMs: HEARTBEAT_MS,
        signal: request.gone,
      });
      count(1);
      const body = Readable.from(write(frames, format), { objectMode: false });
      body.once('close', () => count(-1));
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').type(FORMATS[format]);
      return reply.send(body);
    },
  );
};

const formatFor = ({ headers }: FastifyRequest): Format => {
  const accept = headers.accept ?? '*/*';
  if (accept.includes(FORMATS.sse)) return 'sse';
  if (/\*\/\*|application\/(\*|x-ndjson|json)/.test(accept)) return 'ndjson';
  throw new ProblemError('not-acceptable', `events come as ${Object.values(FORMATS).join(' or ')}`);
};

const lastEventId = ({ headers }: FastifyRequest): number | undefined => {
  const value = headers['last-event-id'];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  throw new ProblemError('invalid-request', 'Last-Event-ID is not an id that this stream gave', {
    errors: [{ path: 'headers.last-event-id', message: 'must be a sequence' }],
  });
};

/** Never a silent skip: a cursor before what is kept, or after what was ever written, is refused. */
const cursorOf = async (api: Api, after: number | undefined): Promise<number> => {
  const { firstSequence, lastSequence } = await api.logInfo();
  const earliest = Math.max(0, firstSequence - 1);
  if (after === undefined) return earliest;
  if (after < earliest)
    throw new ProblemError(
      'sequence-gone',
      `events up to ${earliest} are no longer kept; the earliest is ${firstSequence}: ask with after=${earliest}`,
    );
  if (after > lastSequence)
    throw new ProblemError('invalid-request', `sequence ${after} is after the log's end ${lastSequence}`, {
      errors: [{ path: 'querystring.after', message: 'beyond the end' }],
    });
  return after;
};

const write = async function* (frames: AsyncIterable<Frame>, format: Format): AsyncGenerator<string> {
  // The headers must not wait for the first event.
  if (format === 'sse') yield 'retry: 1000\n\n';
  for await (const frame of frames) {
    const text = format === 'sse' ? sse(frame) : ndjson(frame);
    if (text !== '') yield text;
  }
};

const sse = (frame: Frame): string => {
  if (frame.kind === 'mark') return `id: ${frame.sequence}\n\n`;
  const view = eventView(frame.event);
  return `id: ${view.sequence}\nevent: ${view.type}\ndata: ${JSON.stringify(view)}\n\n`;
};

const ndjson = (frame: Frame): string => (frame.kind === 'mark' ? '' : `${JSON.stringify(eventView(frame.event))}\n`);
