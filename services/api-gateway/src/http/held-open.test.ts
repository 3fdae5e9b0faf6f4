import Fastify, { type FastifyRequest } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Bearer, TOKENS } from '../fixtures/gateway.fixture.ts';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';
import { registerHeldOpen } from './held-open.ts';
import { LIMITS } from './limits.ts';
import { sendError } from './problem.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane({ withHost: false });
});
afterAll(async () => {
  await plane?.stop();
});
let open: AbortController[];
beforeEach(() => {
  open = [];
});
afterEach(() => {
  for (const stream of open) stream.abort();
});

const follow = async (as: Bearer): Promise<Response> => {
  const stream = new AbortController();
  const response = await fetch(`${plane.gateway.url}/v1/events?from=now`, {
    headers: { authorization: `Bearer ${TOKENS[as]}`, accept: 'text/event-stream' },
    signal: stream.signal,
  });
  if (response.status === 200) open.push(stream);
  return response;
};

test('one token may hold so many streams open and no more; others have theirs all the same', async () => {
  const streams = await Promise.all(Array.from({ length: LIMITS.streamsPerToken }, () => follow('viewer')));
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
  const refused = await follow('viewer');
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({
    code: 'too-many-requests',
    detail: expect.stringContaining(`${LIMITS.streamsPerToken} streams`),
    retryable: true,
  });
  expect((await follow('operator')).status).toBe(200);
  open[0]?.abort();
  await vi.waitFor(async () => expect((await follow('viewer')).status).toBe(200), { timeout: 5_000 });
});

test('waits are counted for themselves, also those that a command prefers', async () => {
  const app = Fastify();
  app.setErrorHandler(sendError);
  app.decorateRequest('principal', undefined);
  app.addHook('onRequest', async (request) => {
    request.principal = { tokenId: request.headers.authorization } as unknown as typeof request.principal;
  });
  registerHeldOpen(app, { streamsPerToken: 1, waitsPerToken: 2 });
  const arrived: string[] = [];
  const { promise: over, resolve: end } = Promise.withResolvers<string>();
  const hold = (request: FastifyRequest): Promise<string> => {
    arrived.push(request.url);
    return over;
  };
  app.get('/wait', { config: { access: 'read', waits: true } }, hold);
  app.post('/command', { config: { access: 'command' } }, hold);
  const url = await app.listen({ port: 0 });
  const ask = async (method: 'GET' | 'POST', path: string, authorization = 'one'): Promise<number> =>
    (await fetch(url + path, { method, headers: { authorization, prefer: 'wait=5' } })).status;
  const held = [ask('GET', '/wait'), ask('POST', '/command')];
  await vi.waitFor(() => expect(arrived).toHaveLength(2));
  expect(await ask('POST', '/command')).toBe(429);
  const other = ask('GET', '/wait', 'two');
  await vi.waitFor(() => expect(arrived).toHaveLength(3));
  end('over');
  expect(await Promise.all([...held, other])).toEqual([200, 200, 200]);
  expect(await ask('GET', '/wait')).toBe(200);
  await app.close();
});
