// The HTTP parts that the simulator's dialects share: request bodies, answers, and injected faults.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallFault } from './faults.ts';

/** A status, with an optional JSON body. */
export interface HttpAnswer {
  readonly status: number;
  readonly body?: object;
}

const MAX_BODY_BYTES = 64 * 1024;
const HUGE_BYTES = 10 * 1024 * 1024;

export function send(response: ServerResponse, { status, body }: HttpAnswer): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** `refusal` is the dialect's error response. */
export function misbehave(fault: CallFault, response: ServerResponse, refusal: HttpAnswer): void {
  switch (fault) {
    case 'fail':
      send(response, refusal);
      return;
    case 'hang':
      return;
    case 'garbage':
      response.writeHead(200).end('\u0000not json');
      return;
    case 'huge':
      response.writeHead(200).end(Buffer.alloc(HUGE_BYTES, ' '));
      return;
    case 'half':
      response.writeHead(200, { 'content-length': '1000' }).write('{"state":', () => response.destroy());
      return;
    case 'exit':
      process.exit(1);
  }
}

export type Body = { readonly kind: 'body'; readonly value: unknown } | { readonly kind: 'broken' };

export async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return { kind: 'broken' };
    chunks.push(bytes);
  }
  if (size === 0) return { kind: 'body', value: undefined };
  try {
    return { kind: 'body', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'broken' };
    throw error;
  }
}
