// The formats of an event stream: server-sent events, or one JSON line per event.
import type { Problem } from '@ironlog/schemas';
import type { FastifyRequest } from 'fastify';
import type { Frame } from '../../tail/event-stream.ts';
import { ProblemError } from '../problem.ts';
import { eventView } from './event-view.ts';

export const FORMATS = { sse: 'text/event-stream', ndjson: 'application/x-ndjson' } as const;
type Format = keyof typeof FORMATS;

/** @throws ProblemError when the request accepts neither. */
export const formatFor = ({ headers }: Pick<FastifyRequest, 'headers'>): Format => {
  const accept = headers.accept ?? '*/*';
  if (accept.includes(FORMATS.sse)) return 'sse';
  if (/\*\/\*|application\/(\*|x-ndjson|json)/.test(accept)) return 'ndjson';
  throw new ProblemError('not-acceptable', `events come as ${Object.values(FORMATS).join(' or ')}`);
};

/** An SSE client waits this long before it reconnects. */
const RETRY = 'retry: 1000\n\n';

export const writeFrames = async function* (
  frames: AsyncIterable<Frame<Problem>>,
  format: Format,
): AsyncGenerator<string> {
  if (format === 'sse') yield RETRY;
  for await (const frame of frames) {
    const text = format === 'sse' ? sse(frame) : ndjson(frame);
    if (text !== '') yield text;
  }
};

const sse = (frame: Frame<Problem>): string => {
  switch (frame.kind) {
    case 'mark':
      return `id: ${frame.sequence}\n\n`;
    case 'end':
      return `event: end\ndata: ${JSON.stringify(frame.refusal)}\n\n`;
    case 'event': {
      const view = eventView(frame.event);
      return `id: ${view.sequence}\nevent: ${view.type}\ndata: ${JSON.stringify(view)}\n\n`;
    }
    default:
      return frame satisfies never;
  }
};

/** A blank line is no event, and line readers skip it. A refused client gets the reason when it sends the request again. */
const ndjson = (frame: Frame<Problem>): string => {
  switch (frame.kind) {
    case 'mark':
      return '\n';
    case 'end':
      return '';
    case 'event':
      return `${JSON.stringify(eventView(frame.event))}\n`;
    default:
      return frame satisfies never;
  }
};
