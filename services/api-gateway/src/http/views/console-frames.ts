// How a followed console is written: server-sent events, or what the guest printed as it is, with notes of ours in brackets.
import type { Problem } from '@ironlog/schemas';
import type { FastifyRequest } from 'fastify';
import type { ConsoleFrame } from '../../tail/console-stream.ts';
import { ProblemError } from '../problem.ts';

export const CONSOLE_FORMATS = { sse: 'text/event-stream', text: 'text/plain' } as const;
type Format = keyof typeof CONSOLE_FORMATS;

/** @throws ProblemError where the request accepts neither. */
export const consoleFormatFor = ({ headers }: Pick<FastifyRequest, 'headers'>): Format => {
  const accept = headers.accept ?? '*/*';
  if (accept.includes(CONSOLE_FORMATS.sse)) return 'sse';
  if (accept.includes(CONSOLE_FORMATS.text)) return 'text';
  if (/\*\/\*|text\/\*/.test(accept)) return 'sse';
  throw new ProblemError(
    'not-acceptable',
    `a followed console comes as ${Object.values(CONSOLE_FORMATS).join(' or ')}`,
  );
};

/** A client of SSE waits this long before it reconnects. */
const RETRY = 'retry: 1000\n\n';

export const writeConsole = async function* (
  frames: AsyncIterable<ConsoleFrame<Problem>>,
  format: Format,
): AsyncGenerator<Buffer> {
  if (format === 'sse') yield Buffer.from(RETRY);
  for await (const frame of frames) {
    const part = format === 'sse' ? Buffer.from(sse(frame)) : text(frame);
    if (part.length > 0) yield part;
  }
};

const sse = (frame: ConsoleFrame<Problem>): string => {
  switch (frame.kind) {
    case 'mark':
      return `id: ${frame.position}\n\n`;
    case 'output': {
      const { from, bytes } = frame;
      const data = { from, base64: bytes.toString('base64') };
      return `id: ${from + bytes.length}\nevent: output\ndata: ${JSON.stringify(data)}\n\n`;
    }
    case 'gap': {
      const { from, skippedBytes } = frame;
      return `id: ${from + skippedBytes}\nevent: gap\ndata: ${JSON.stringify({ from, skippedBytes })}\n\n`;
    }
    case 'end':
      return `event: end\ndata: ${JSON.stringify(frame.ending)}\n\n`;
    default:
      return frame satisfies never;
  }
};

const text = (frame: ConsoleFrame<Problem>): Buffer => {
  switch (frame.kind) {
    case 'output':
      return frame.bytes;
    case 'gap':
      return Buffer.from(`\n[ironlog: ${frame.skippedBytes} bytes skipped]\n`);
    case 'end':
      return Buffer.from(`\n[ironlog: the stream ends: ${frame.ending.detail ?? frame.ending.title}]\n`);
    case 'mark':
      return Buffer.alloc(0);
    default:
      return frame satisfies never;
  }
};
