// What the simulator's dialects share of HTTP: a request's body, an answer, and the ways to misbehave on one.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallFault } from './faults.ts';

/** A status without a body, or with one that is sent as JSON. */
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

/** `refusal` is how the dialect says that a call failed. */
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
