// Server messages other than data, which no test can make a real server send at will.
import { type Msg, MsgHdrsImpl, type NatsConnection, type Status } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readAhead } from './read-ahead.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection with the test as its server. */
const fakeServer = () => {
  const asked: number[] = [];
  let inbox = '';
  let subscribed = false;
  const closed = Promise.withResolvers<void>();
  let onMessage: (error: Error | null, message: Msg) => void = () => undefined;
  let onStatus: (status: Status) => void = () => undefined;
  const connection = {
    options: { inboxPrefix: '_INBOX_reader' },
    subscribe: (subject: string, { callback }: { callback: typeof onMessage }) => {
      [inbox, onMessage, subscribed] = [subject, callback, true];
      return { unsubscribe: () => (subscribed = false), closed: closed.promise };
    },
    publish: (_: string, body: string) => void asked.push(JSON.parse(body).batch),
    status: async function* () {
      for (;;) yield await new Promise<Status>((resolve) => (onStatus = resolve));
    },
  } as unknown as NatsConnection;
  return {
    connection,
    asked,
    inbox: () => inbox,
    isSubscribed: () => subscribed,
    deliver: (...names: string[]) => {
      for (const subject of names) onMessage(null, { subject } as Msg);
    },
    status: (code: number, headers: Record<string, string> = {}) => {
      const status = new MsgHdrsImpl(code, '');
      for (const [name, value] of Object.entries(headers)) status.set(name, value);
      onMessage(null, { subject: inbox, headers: status } as unknown as Msg);
    },
    refuse: () => onMessage(new Error('permissions'), {} as Msg),
    close: () => closed.resolve(),
    reconnect: () => onStatus({ type: 'reconnect', server: 'other' }),
  };
};

const start = (server: ReturnType<typeof fakeServer>, signal = new AbortController().signal) => {
  const batches = readAhead({ connection: server.connection, nextSubject: 'next', ahead: 8, maxBatch: 3, signal });
  const next = async (): Promise<readonly string[] | 'ended'> => {
    const { value, done } = await batches.next();
    return done ? 'ended' : value.map(({ subject }: Msg) => subject);
  };
  return { next };
};

test('received messages are returned at once, in order, in batches of at most the requested size', async () => {
  const server = fakeServer();
  const { next } = start(server);
  const first = next();
  server.deliver('a', 'b', 'c', 'd');
  expect(await first).toEqual(['a', 'b', 'c']);
  expect(await next()).toEqual(['d']);
  expect(server.inbox()).toMatch(/^_INBOX_reader\./);
});

test('no more is requested than the reader has consumed, and not for a few messages', async () => {
  const server = fakeServer();
  const { next } = start(server);
  const first = next();
  expect(server.asked).toEqual([8]);
  server.deliver('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  await first;
  // Eight received, three handled, five waiting.
  await next();
  expect(server.asked).toEqual([8, 3]);
  await next();
  expect(server.asked).toEqual([8, 3, 3]);
});

test('an expired request is repeated for its remainder', async () => {
  const server = fakeServer();
  const { next } = start(server);
  const first = next();
  server.deliver('a');
  await first;
  const second = next();
  server.status(408, { 'Nats-Pending-Messages': '7' });
  expect(server.asked).toEqual([8, 8]);
  server.deliver('b');
  expect(await second).toEqual(['b']);
});

test.each([
  ['the consumer is gone, or its leader moved', (server: ReturnType<typeof fakeServer>) => server.status(409)],
  ['nobody answers', (server: ReturnType<typeof fakeServer>) => server.status(503)],
  ['the client reconnected', (server: ReturnType<typeof fakeServer>) => server.reconnect()],
  ['the connection is closed for good', (server: ReturnType<typeof fakeServer>) => server.close()],
  ['the server refuses the subscription', (server: ReturnType<typeof fakeServer>) => server.refuse()],
])('it ends, after the received messages, when %s', async (_, happens) => {
  const server = fakeServer();
  const { next } = start(server);
  const first = next();
  await vi.advanceTimersByTimeAsync(0);
  server.deliver('a', 'b', 'c', 'd');
  happens(server);
  expect(await first).toEqual(['a', 'b', 'c']);
  expect(await next()).toEqual(['d']);
  expect(await next()).toBe('ended');
  expect(server.isSubscribed()).toBe(false);
});

test('it ends when a server with an open request is silent, and not while that server sends idle heartbeats', async () => {
  const server = fakeServer();
  const { next } = start(server);
  const first = next();
  for (let beat = 0; beat < 10; beat += 1) {
    await vi.advanceTimersByTimeAsync(2_000);
    server.status(100);
  }
  expect(server.isSubscribed()).toBe(true);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await first).toBe('ended');
});

test('it ends on abort, even while it waits', async () => {
  const server = fakeServer();
  const stop = new AbortController();
  const { next } = start(server, stop.signal);
  const first = next();
  await vi.advanceTimersByTimeAsync(0);
  stop.abort();
  expect(await first).toBe('ended');
  expect(server.isSubscribed()).toBe(false);
});
