import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type PaperExecutor, startExecutor } from '../fixtures/executor.fixture.ts';
import { type Bearer, startGateway, type TestGateway, TOKENS } from '../fixtures/gateway.fixture.ts';
import { HOST, startNats, type TestNats } from '../fixtures/nats.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let nats: TestNats;
let connection: NatsConnection;
let executor: PaperExecutor;
let gateway: TestGateway;
const sequences: number[] = [];
beforeAll(async () => {
  nats = await startNats();
  connection = await nats.connect();
  executor = await startExecutor(connection, HOST);
  gateway = await startGateway(nats);
  await vi.waitFor(async () => expect((await gateway.call('GET', '/v1/images')).body.items).toHaveLength(1));
  await gateway.call('POST', '/v1/vms', { body: { id: 'first', start: true }, headers: { prefer: 'wait=10' } });
  const { text } = (await gateway.call('GET', '/v1/events?follow=false', { headers: { accept: SSE } })).body;
  sequences.push(...idsOf(String(text)));
});
afterAll(async () => {
  await gateway?.stop();
  await executor?.stop();
  await connection?.close();
  await nats?.stop();
});

const SSE = 'text/event-stream';
const idsOf = (text: string): number[] => [...text.matchAll(/^id: (\d+)\nevent/gm)].map((match) => Number(match[1]));

const opened: AbortController[] = [];
afterEach(() => {
  for (const stream of opened.splice(0)) stream.abort();
});

/** Its headers are there when it resolves; `until` resolves with all that has come when that is enough, or has ended. */
const open = async (query: string, headers: Record<string, string> = {}, as: Bearer = 'operator') => {
  const leaving = new AbortController();
  opened.push(leaving);
  const response = await fetch(`${gateway.url}/v1/events?${query}`, {
    headers: { authorization: `Bearer ${TOKENS[as]}`, ...headers },
    signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(15_000)]),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    response,
    until: async (enough: (text: string) => boolean): Promise<string> => {
      while (!enough(text)) {
        const part = await reader?.read();
        if (!part || part.done) break;
        text += part.value;
      }
      return text;
    },
  };
};

describe('a client that was cut off and reconnects to its URL as it was', () => {
  test.each(['from=now', 'after=0', `vmId=first&from=now`])(
    '%s: goes on after the last event that it saw',
    async (query) => {
      const [first = 0, ...rest] = sequences;
      expect(rest).toHaveLength(3);
      const { until } = await open(query, { accept: SSE, 'last-event-id': String(first) });
      expect(idsOf(await until((text) => idsOf(text).length >= rest.length))).toEqual(rest);
    },
  );

  test('had it seen nothing yet, it goes on where its stream began', async () => {
    const { until } = await open('from=now', { accept: SSE });
    const begun = /^id: (\d+)\n\n/m.exec(await until((text) => text.includes('id:')))?.[1];
    expect(Number(begun)).toBe(sequences.at(-1));
  });

  test('with an id that no stream gave it is told so', async () => {
    for (const id of ['x', '999999999'])
      expect(await gateway.call('GET', '/v1/events?from=now', { headers: { 'last-event-id': id } })).toMatchObject({
        status: 400,
        body: { code: 'invalid-request', errors: [{ path: 'headers.last-event-id' }] },
      });
  });
});

test('NDJSON from now on has its headers at once, and a blank line says that it lives', async () => {
  const opening = open('from=now', { accept: 'application/x-ndjson' });
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no headers')), 2_000));
  const { response, until } = await Promise.race([opening, late]);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  expect(await until((text) => text !== '')).toBe('\n');
});

test('a stream outlives its token by seconds only: SSE ends with the problem, NDJSON ends, and so does a change of role', async () => {
  const sse = await open('from=now', { accept: SSE }, 'viewer');
  const ndjson = await open('from=now', { accept: 'application/x-ndjson' }, 'viewer');
  const changed = await open('from=now', { accept: SSE }, 'admin');
  gateway.revoke('viewer');
  gateway.revoke('admin', 'viewer');
  const told = await sse.until((text) => text.includes('event: end'));
  const data = /^event: end\ndata: (.*)\n\n$/m.exec(told)?.[1] ?? '{}';
  expect(JSON.parse(data)).toMatchObject({ status: 401, code: 'unauthenticated', instance: '/v1/events' });
  expect(await sse.until(() => false)).toBe(told);
  expect(await ndjson.until(() => false)).toMatch(/^\n+$/);
  expect(await changed.until((text) => text.includes('event: end'))).toContain('"code":"forbidden"');
});
