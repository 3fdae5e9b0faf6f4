// Every method of Node's parser, on every path: supported, or a 405 with the supported ones; and HEAD and OPTIONS.
import { METHODS, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { problemSchema } from '@ironlog/schemas';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TOKENS } from '../../fixtures/gateway.fixture.ts';
import { startPlane, type TestPlane } from '../../fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
let paths: Readonly<Record<string, readonly string[]>>;
beforeAll(async () => {
  plane = await startPlane({ withHost: false });
  const document = (await (await fetch(`${plane.gateway.url}/openapi.json`)).json()) as {
    paths: Record<string, object>;
  };
  paths = Object.fromEntries(
    Object.entries(document.paths).map(([path, item]) => [
      path.replaceAll(/\{\w+\}/g, 'vm-1'),
      Object.keys(item).map((method) => method.toUpperCase()),
    ]),
  );
});
afterAll(() => plane?.stop());

interface Answer {
  readonly status: number | undefined;
  readonly allow: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

const send = (method: string, path: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(plane.gateway.url);
    const sent = request({
      hostname,
      port,
      method,
      path,
      agent: false,
      headers: { authorization: `Bearer ${TOKENS.admin}` },
    });
    sent.on('error', reject);
    sent.on('response', async (response) => {
      const { allow, 'content-type': type } = response.headers;
      resolve({ status: response.statusCode, allow, type, body: await text(response) });
    });
    sent.end();
  });

const OWN: readonly string[] = ['HEAD', 'OPTIONS', 'CONNECT'];

test.each(METHODS.filter((method) => !OWN.includes(method)))(
  '%s is supported by the paths that document it, and a 405 with Allow on every other',
  async (method) => {
    for (const [path, methods] of Object.entries(paths).filter(([, taken]) => !taken.includes(method))) {
      const { status, allow, type, body } = await send(method, path);
      expect({ path, status, type, allow: allow?.split(', ').filter((one) => !OWN.includes(one)) }).toEqual({
        path,
        status: 405,
        type: 'application/problem+json',
        allow: [...methods].sort(),
      });
      expect(problemSchema.parse(JSON.parse(body)).code).toBe('method-not-allowed');
    }
    expect(await send(method, '/nothing')).toMatchObject({ status: 404, type: 'application/problem+json' });
  },
);

test('OPTIONS lists the methods of each path, without a token', async () => {
  for (const [path, methods] of Object.entries(paths)) {
    const response = await fetch(plane.gateway.url + path, { method: 'OPTIONS' });
    expect({ path, status: response.status, allow: response.headers.get('allow')?.split(', ') }).toEqual({
      path,
      status: 204,
      allow: [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort(),
    });
  }
  expect((await fetch(`${plane.gateway.url}/nothing`, { method: 'OPTIONS' })).status).toBe(404);
});

test('HEAD answers like GET, without a body', async () => {
  for (const path of Object.keys(paths).filter((one) => paths[one]?.includes('GET'))) {
    const [head, get] = [await send('HEAD', path), await headOf(path)];
    expect({ path, ...head }).toEqual({ path, ...get, body: '' });
  }
});

/** For a stream only the headers are read. */
const headOf = async (path: string): Promise<Omit<Answer, 'body'>> => {
  const controller = new AbortController();
  const response = await fetch(plane.gateway.url + path, {
    headers: { authorization: `Bearer ${TOKENS.admin}` },
    signal: controller.signal,
  });
  const type = response.headers.get('content-type') ?? undefined;
  controller.abort();
  return { status: response.status, type, allow: undefined };
};

test.each([
  ['CONNECT example.org:443', '', 405],
  ['GET /healthz', 'Expect: a-miracle\r\n', 417],
])('%s is a problem, not a closed connection', async (line, header, status) => {
  const { hostname, port } = new URL(plane.gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(`${line} HTTP/1.1\r\nHost: x\r\n${header}\r\n`);
  const answer = await text(socket);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(problemSchema.parse(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).status).toBe(status);
});
