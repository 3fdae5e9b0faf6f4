// A host's answer to an image fetch request: the progress, at once, while the fetch runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostId } from '@ironlog/schemas';
import { createLogger } from '@ironlog/service-kit';
import type { Msg, NatsConnection, SubscriptionOptions } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ImageCache } from './image-cache.ts';
import { serveImages } from './image-rpc.ts';
import { MemoryImages } from './image-store.fixture.ts';

const HOST = hostId('host-1');
let directory: string;
let images: MemoryImages;
let stopping: AbortController;
let cache: ImageCache;
let ask: (question: unknown) => Promise<unknown>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-'));
  images = new MemoryImages();
  stopping = new AbortController();
  const logger = createLogger({ service: 'test', level: 'fatal' });
  cache = new ImageCache({
    store: images.store,
    directory,
    maxBytes: 10_000,
    inUse: async () => new Set(),
    onChange: () => undefined,
    now: () => new Date(),
    logger,
    stop: stopping.signal,
  });
  let serve: SubscriptionOptions['callback'];
  const connection: Pick<NatsConnection, 'subscribe'> = {
    subscribe: (subject, options) => {
      expect(subject).toBe('ironlog.rpc.host-1.image');
      serve = options?.callback;
      return undefined as never;
    },
  };
  serveImages({ connection, host: HOST, cache, logger, stop: stopping.signal });
  ask = (question) => {
    const answered = Promise.withResolvers<unknown>();
    const message: Partial<Msg> = {
      json: <T>() => question as T,
      respond: (answer) => {
        answered.resolve(JSON.parse(String(answer)));
        return true;
      },
    };
    serve?.(null, message as Msg);
    return answered.promise;
  };
});
afterEach(() => {
  stopping.abort();
  rmSync(directory, { recursive: true, force: true });
});

test('an image that comes at once is present, and is so when it is asked for again', async () => {
  const image = images.image('one', Buffer.alloc(2000, 'a'));
  expect(await ask({ image })).toEqual({ state: 'present' });
  expect(await ask({ image })).toEqual({ state: 'present' });
  expect(images.reads).toHaveLength(1);
});

test('one that takes longer is on its way, goes on without its asker, and is asked for once', async () => {
  const image = images.image('one', Buffer.alloc(2000, 'a'));
  const held = Promise.withResolvers<void>();
  images.reading = () => held.promise;
  expect(await Promise.all([ask({ image }), ask({ image })])).toEqual([{ state: 'fetching' }, { state: 'fetching' }]);
  held.resolve();
  await vi.waitFor(() => expect(cache.has(image)).toBe(true));
  expect(images.reads).toHaveLength(1);
});

test('one that has no room, or is not stored, has failed, in words without a path', async () => {
  const large = images.image('large', Buffer.alloc(20_000, 'a'));
  expect(await ask({ image: large })).toEqual({ state: 'failed', reason: 'image large has no room on its host' });
  const absent = new MemoryImages().image('absent', Buffer.alloc(2000, 'a'));
  expect(await ask({ image: absent })).toMatchObject({ state: 'failed', reason: expect.not.stringContaining('/') });
});

test.each([{}, { image: 'one' }, { image: { id: '../one' } }])('%j is no request', async (question) => {
  expect(await ask(question)).toMatchObject({ state: 'failed' });
});
