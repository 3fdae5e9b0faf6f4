import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Bearer, TOKENS } from '../../fixtures/gateway.fixture.ts';
import { startPlane, type TestPlane } from '../../fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
const sequences: number[] = [];
beforeAll(async () => {
  plane = await startPlane();
  await plane.call('POST', '/v1/vms', { body: { id: 'first', start: true }, headers: { prefer: 'wait=10' } });
  const { text } = (await plane.call('GET', '/v1/events?follow=false', { headers: { accept: SSE } })).body;
  sequences.push(...idsOf(String(text)));
});
afterAll(() => plane?.stop());

const SSE = 'text/event-stream';
const idsOf = (text: string): number[] => [...text.matchAll(/^id: (\d+)\nevent/gm)].map((match) => Number(match[1]));

const opened: AbortController[] = [];
afterEach(() => {
  for (const stream of opened.splice(0)) stream.abort();
});

/** Resolves with the headers. `until` resolves with the received frames when they are enough, or the stream has ended. */
const open = async (query: string, headers: Record<string, string> = {}, as: Bearer = 'operator') => {
  const leaving = new AbortController();
  opened.push(leaving);
  const response = await fetch(`${plane.gateway.url}/v1/events?${query}`, {
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

describe('a client that reconnects with its original URL', () => {
  test.each(['from=now', 'after=0', `vmId=first&from=now`])(
    '%s: continues after the last event that it received',
    async (query) => {
      const [first = 0, ...rest] = sequences;
      expect(rest).toHaveLength(3);
      const { until } = await open(query, { accept: SSE, 'last-event-id': String(first) });
      expect(idsOf(await until((text) => idsOf(text).length >= rest.length))).toEqual(rest);
    },
  );

  test("without a received event, it continues at its stream's start", async () => {
    const { until } = await open('from=now', { accept: SSE });
    const begun = /^id: (\d+)\n\n/m.exec(await until((text) => text.includes('id:')))?.[1];
    expect(Number(begun)).toBe(sequences.at(-1));
  });

  test('with an id of no stream it gets an error', async () => {
    for (const id of ['x', '999999999'])
      expect(await plane.call('GET', '/v1/events?from=now', { headers: { 'last-event-id': id } })).toMatchObject({
        status: 400,
        body: { code: 'invalid-request', errors: [{ path: 'headers.last-event-id' }] },
      });
  });
});

test('NDJSON from now on sends its headers at once, and a blank line as a heartbeat', async () => {
  const opening = open('from=now', { accept: 'application/x-ndjson' });
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no headers')), 2_000));
  const { response, until } = await Promise.race([opening, late]);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  expect(await until((text) => text !== '')).toBe('\n');
});

test('a stream outlives its token by seconds only: SSE ends with the problem, NDJSON ends; the same for a change of role', async () => {
  const sse = await open('from=now', { accept: SSE }, 'viewer');
  const ndjson = await open('from=now', { accept: 'application/x-ndjson' }, 'viewer');
  const changed = await open('from=now', { accept: SSE }, 'admin');
  plane.gateway.revoke('viewer');
  plane.gateway.revoke('admin', 'viewer');
  const received = await sse.until((text) => text.includes('event: end'));
  const data = /^event: end\ndata: (.*)\n\n$/m.exec(received)?.[1] ?? '{}';
  expect(JSON.parse(data)).toMatchObject({ status: 401, code: 'unauthenticated', instance: '/v1/events' });
  expect(await sse.until(() => false)).toBe(received);
  expect(await ndjson.until(() => false)).toMatch(/^\n+$/);
  expect(await changed.until((text) => text.includes('event: end'))).toContain('"code":"forbidden"');
});

describe('the stream of events', () => {
  test('SSE begins with history, continues with the tail, and resumes after Last-Event-ID without a gap or a repeat', async () => {
    await plane.create({ id: 'streamed' }, { prefer: 'wait=10' });
    const read = async (headers: Record<string, string>, count: number): Promise<number[]> => {
      const response = await fetch(`${plane.gateway.url}/v1/events?vmId=streamed`, {
        headers: { authorization: `Bearer ${TOKENS.operator}`, accept: 'text/event-stream', ...headers },
      });
      const reader = response.body?.getReader();
      let text = '';
      for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
        text += Buffer.from(part.value).toString();
        const ids = [...text.matchAll(/^id: (\d+)\nevent/gm)].map((match) => Number(match[1]));
        if (ids.length < count) continue;
        await reader?.cancel();
        return ids;
      }
      throw new Error('the stream has ended');
    };
    const [first, second] = await read({}, 2);
    const resumed = read({ 'last-event-id': String(first) }, 3);
    await plane.call('POST', '/v1/vms/streamed/boot', { headers: { prefer: 'wait=10' } });
    const ids = await resumed;
    expect(ids[0]).toBe(second);
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
  });

  test('refuses a cursor beyond the end', async () => {
    expect(await plane.call('GET', '/v1/events?after=999999')).toMatchObject({ status: 400 });
    expect(await plane.call('GET', '/v1/events', { headers: { 'last-event-id': 'x' } })).toMatchObject({
      status: 400,
    });
    expect(await plane.call('GET', '/v1/events', { headers: { accept: 'image/png' } })).toMatchObject({
      status: 406,
    });
  });
});
