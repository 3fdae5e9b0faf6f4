import { tenantId } from '@ironlog/schemas';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Bearer, TOKENS } from '../../fixtures/gateway.fixture.ts';
import { startPlane, type TestPlane } from '../../fixtures/plane.fixture.ts';
import { sendError } from '../problem.ts';
import { LIMITS } from '../server/limits.ts';
import { registerOpenRequestLimits } from './open-request-limits.ts';

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

test('a token may hold a limited number of streams open, independent of other tokens', async () => {
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

describe('a server that allows a token two waits and its tenant three', () => {
  let app: FastifyInstance;
  let arrived: string[];
  let end: (answer: string) => void;
  let ask: (method: 'GET' | 'POST', path: string, as?: string) => Promise<Response>;

  /** The token is named by its bearer's `<tenant>/<token>`. */
  beforeEach(async () => {
    app = Fastify();
    app.setErrorHandler(sendError);
    app.decorateRequest('principal', undefined);
    app.addHook('onRequest', async (request) => {
      const [tenant = '', tokenId = ''] = request.headers.authorization?.split('/') ?? [];
      request.principal = { tenant: tenantId(tenant), tokenId, role: 'operator' };
    });
    registerOpenRequestLimits(app, { streamsPerToken: 1, streamsPerTenant: 1, waitsPerToken: 2, waitsPerTenant: 3 });
    arrived = [];
    const over = Promise.withResolvers<string>();
    end = over.resolve;
    const hold = (request: FastifyRequest): Promise<string> => {
      arrived.push(request.url);
      return over.promise;
    };
    app.get('/wait', { config: { access: 'read', waits: true } }, hold);
    app.post('/command', { config: { access: 'command' } }, hold);
    const querystring = { type: 'object', properties: { follow: { type: 'boolean', default: false } } };
    app.get('/console', { config: { access: 'read', followable: true }, schema: { querystring } }, hold);
    const url = await app.listen({ port: 0 });
    ask = (method, path, authorization = 'acme/one') =>
      fetch(url + path, { method, headers: { authorization, prefer: 'wait=5' }, signal: AbortSignal.timeout(10_000) });
  });
  afterEach(async () => {
    end('over');
    await app.close();
  });

  test("counts them separately, including those of a command's Prefer header", async () => {
    const held = [ask('GET', '/wait'), ask('POST', '/command')];
    await vi.waitFor(() => expect(arrived).toHaveLength(2));
    expect((await ask('POST', '/command')).status).toBe(429);
    const other = ask('GET', '/wait', 'acme/two');
    await vi.waitFor(() => expect(arrived).toHaveLength(3));
    end('over');
    expect((await Promise.all([...held, other])).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await ask('GET', '/wait')).status).toBe(200);
  });

  test('counts as a stream what is one only where it is followed', async () => {
    const held = [ask('GET', '/console?follow=true'), ask('GET', '/console')];
    await vi.waitFor(() => expect(arrived).toHaveLength(2));
    expect((await ask('GET', '/console?follow=true')).status).toBe(429);
    held.push(ask('GET', '/console?follow=false'));
    await vi.waitFor(() => expect(arrived).toHaveLength(3));
    end('over');
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('refuses a tenant that spreads them over its tokens, says whose they are, and leaves other tenants theirs', async () => {
    const held = ['acme/one', 'acme/one', 'acme/two'].map((as) => ask('GET', '/wait', as));
    await vi.waitFor(() => expect(arrived).toHaveLength(3));
    const refused = await ask('GET', '/wait', 'acme/three');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      code: 'too-many-requests',
      detail:
        'the tokens of tenant acme have 3 waits open between them, as many as one tenant may have; end one, or try again',
      retryable: true,
    });
    const other = ask('GET', '/wait', 'other/four');
    await vi.waitFor(() => expect(arrived).toHaveLength(4));
    end('over');
    expect((await Promise.all([...held, other])).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await ask('GET', '/wait', 'acme/three')).status).toBe(200);
  });
});

test('half of the streams and of the connections are always left to other tenants', () => {
  expect(LIMITS.streamsPerTenant).toBeLessThanOrEqual(LIMITS.streams / 2);
  expect(LIMITS.streamsPerTenant + LIMITS.waitsPerTenant).toBeLessThanOrEqual(LIMITS.connections / 2);
});
