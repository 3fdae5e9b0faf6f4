// The simulator's HTTP face: routes a request to its call, unless it was told to misbehave on that one.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CALLS } from './calls.ts';
import type { CallFault } from './faults.ts';
import { type Answer, type Machine, refused } from './machine.ts';

const PREFIX = '/api/v1/';
const MAX_BODY_BYTES = 64 * 1024;
const HUGE_BYTES = 10 * 1024 * 1024;

export async function serve(machine: Machine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = request.url?.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : '';
  const call = CALLS.get(name);
  const body = await readBody(request);
  if (call === undefined) return send(response, refused(404, `no such call: ${name}`));
  if (request.method !== call.method || body.kind === 'broken')
    return send(response, refused(400, `${name} is a ${call.method} with a JSON body or none`));
  // The faults come with vm.create, so it is run before they are looked up; one that is to fail is undone.
  const created = name === 'vm.create' ? call.run(machine, body.value) : undefined;
  const fault = machine.faults.calls.get(name);
  if (created !== undefined && fault === 'fail') machine.delete();
  if (fault !== undefined) return MISBEHAVE[fault](response);
  send(response, created ?? call.run(machine, body.value));
}

function send(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const MISBEHAVE: Readonly<Record<CallFault, (response: ServerResponse) => void>> = {
  fail: (response) => send(response, refused(500, 'told to fail')),
  hang: () => undefined,
  garbage: (response) => void response.writeHead(200).end('\u0000not json'),
  huge: (response) => void response.writeHead(200).end(Buffer.alloc(HUGE_BYTES, ' ')),
  half: (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{"state":', () => response.destroy());
  },
  exit: () => process.exit(1),
};

type Body = { readonly kind: 'body'; readonly value: unknown } | { readonly kind: 'broken' };

async function readBody(request: IncomingMessage): Promise<Body> {
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
