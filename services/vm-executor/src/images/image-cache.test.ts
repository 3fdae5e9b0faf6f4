// The image cache: each file fetched once and verified, complete or absent, within its bound.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageManifest } from '@ironlog/schemas';
import { createLogger } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ImageCache } from './image-cache.ts';
import { fileOf, MemoryImages } from './image-store.fixture.ts';

let directory: string;
let images: MemoryImages;
let inUse: Set<string>;
let stopping: AbortController;
const never = new AbortController().signal;
const bytesOf = (text: string, size = 4000): Uint8Array => Buffer.alloc(size, text);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-'));
  images = new MemoryImages();
  inUse = new Set();
  stopping = new AbortController();
});
afterEach(() => {
  stopping.abort();
  rmSync(directory, { recursive: true, force: true });
});

const open = (maxBytes = 100_000): ImageCache =>
  new ImageCache({
    store: images.store,
    directory: join(directory, 'images'),
    maxBytes,
    inUse: async () => inUse,
    onChange: () => undefined,
    now: () => new Date(),
    logger: createLogger({ service: 'test', level: 'fatal' }),
    retryMs: 1,
    stop: stopping.signal,
  });
const files = (): string[] => readdirSync(join(directory, 'images')).toSorted();
const digestsOf = ({ kernel, initrd }: ImageManifest): string[] =>
  [kernel.digest, ...(initrd ? [initrd.digest] : [])].toSorted();
/** Chunks wait for `release`. */
const heldBack = (): { readonly release: () => void } => {
  const held = Promise.withResolvers<void>();
  images.reading = () => held.promise;
  return { release: held.resolve };
};

test('an image is fetched once, for its owner alone, and is there for the next start', async () => {
  const image = images.image('one', bytesOf('kernel'), bytesOf('initrd'));
  const cache = open();
  expect(cache.has(image)).toBe(false);
  expect(await cache.ensure(image, never)).toEqual({ ok: true });
  expect(files()).toEqual(digestsOf(image));
  const launch = cache.launchOf(image);
  expect(readFileSync(launch.kernel ?? '')).toEqual(Buffer.from(bytesOf('kernel')));
  expect(statSync(launch.initrd ?? '').mode & 0o777).toBe(0o600);
  expect(launch.args).toBe('console=ttyS0');
  expect(await open().ensure(image, never)).toEqual({ ok: true });
  expect(images.reads).toHaveLength(2);
});

test('several that want one file share its fetch, and it goes on while one of them waits', async () => {
  const image = images.image('one', bytesOf('kernel'));
  const held = heldBack();
  const cache = open();
  const leaving = new AbortController();
  const left = cache.ensure(image, leaving.signal);
  const others = [cache.ensure(image, never), cache.ensure(image, never)];
  await vi.waitFor(() => expect(cache.fetches()).toEqual([{ image: 'one', ...fileOf(bytesOf('kernel')), bytes: 0 }]));
  leaving.abort();
  expect(await left).toMatchObject({ ok: false, code: 'aborted', stage: 'image' });
  held.release();
  expect(await Promise.all(others)).toEqual([{ ok: true }, { ok: true }]);
  expect(images.reads).toHaveLength(1);
  expect(cache.fetches()).toEqual([]);
});

test('a fetch that nobody waits for any more ends, leaves nothing, and the next one begins anew', async () => {
  const image = images.image('one', bytesOf('kernel'));
  const held = heldBack();
  const cache = open();
  const leaving = new AbortController();
  const left = cache.ensure(image, leaving.signal);
  await vi.waitFor(() => expect(images.reads).toHaveLength(1));
  leaving.abort();
  expect(await left).toMatchObject({ ok: false });
  const next = cache.ensure(image, never);
  held.release();
  expect(await next).toEqual({ ok: true });
  expect(images.reads).toHaveLength(2);
  expect(files()).toEqual(digestsOf(image));
});

test.each([
  ['has other bytes', (image: ImageManifest) => images.put(bytesOf('another'), image.kernel.digest)],
  ['has another size', (image: ImageManifest) => images.put(bytesOf('kernel', 3999), image.kernel.digest)],
])('a file that %s in the store is refused, and not kept', async (_, spoil) => {
  const image = images.image('one', bytesOf('kernel'));
  spoil(image);
  const refused = await open().ensure(image, never);
  expect(refused).toMatchObject({ ok: false, code: 'refused', stage: 'image', retryable: false });
  expect(files()).toEqual([]);
});

test('a file that the store has not is refused by its image, without a path', async () => {
  const image = new MemoryImages().image('one', bytesOf('kernel'));
  const refused = await open().ensure(image, never);
  expect(refused).toMatchObject({ ok: false, code: 'refused', reason: expect.stringContaining('image one') });
  expect(JSON.stringify(refused)).not.toContain(directory);
});

test('a store that fails in between is asked again, until the deadline', async () => {
  const image = images.image('one', bytesOf('kernel'));
  let failures = 3;
  images.reading = () => {
    failures -= 1;
    if (failures >= 0) throw new Error('the connection is gone');
  };
  const cache = open();
  expect(await cache.ensure(image, never)).toEqual({ ok: true });
  expect(images.reads).toHaveLength(4);
  const another = images.image('two', bytesOf('other'));
  images.reading = () => {
    throw new Error('the connection is gone');
  };
  expect(await cache.ensure(another, AbortSignal.timeout(20))).toMatchObject({ ok: false, code: 'timeout' });
});

test('a directory that cannot be written to is said at once, in words without a path', async () => {
  const image = images.image('one', bytesOf('kernel'));
  const cache = open();
  rmSync(join(directory, 'images'), { recursive: true });
  writeFileSync(join(directory, 'images'), 'in the way');
  const refused = await cache.ensure(image, never);
  expect(refused).toMatchObject({ ok: false, code: 'failed', stage: 'image', retryable: true });
  expect(!refused.ok && refused.reason).not.toContain(directory);
});

test('what a crash has left of a file is removed at the next start; the file itself is fetched again', async () => {
  const image = images.image('one', bytesOf('kernel'));
  mkdirSync(join(directory, 'images'));
  writeFileSync(join(directory, 'images', `${image.kernel.digest}.part`), 'half');
  writeFileSync(join(directory, 'images', image.kernel.digest), 'cut off by a full disk');
  const cache = open();
  expect(cache.has(image)).toBe(false);
  expect(await cache.ensure(image, never)).toEqual({ ok: true });
  expect(files()).toEqual(digestsOf(image));
});

test('when it is full, what is used longest ago goes first, by its last use and not by its fetch', async () => {
  const [first, second, third] = ['a', 'b', 'c'].map((id) => images.image(id, bytesOf(id)));
  if (!first || !second || !third) throw new Error('three images');
  const cache = open(8500);
  for (const image of [first, second]) expect(await cache.ensure(image, never)).toEqual({ ok: true });
  for (const { kernel } of [first, second]) utimesSync(join(directory, 'images', kernel.digest), 1000, 1000);
  expect(await cache.ensure(first, never)).toEqual({ ok: true });
  expect(await cache.ensure(third, never)).toEqual({ ok: true });
  expect(files()).toEqual([...digestsOf(first), ...digestsOf(third)].toSorted());
});

test('what a VM of the host is made of stays, and an image that has no room then is refused', async () => {
  const [first, second, third] = ['a', 'b', 'c'].map((id) => images.image(id, bytesOf(id)));
  if (!first || !second || !third) throw new Error('three images');
  const cache = open(8500);
  for (const image of [first, second]) expect(await cache.ensure(image, never)).toEqual({ ok: true });
  utimesSync(join(directory, 'images', first.kernel.digest), 1000, 1000);
  inUse.add(first.kernel.digest);
  expect(await cache.ensure(third, never)).toEqual({ ok: true });
  expect(files()).toEqual([...digestsOf(first), ...digestsOf(third)].toSorted());
  inUse.add(third.kernel.digest);
  expect(await cache.ensure(second, never)).toMatchObject({ ok: false, code: 'failed', stage: 'image' });
  expect(files()).toEqual([...digestsOf(first), ...digestsOf(third)].toSorted());
});
