// The image store on a real nats-server, with its users' permissions: the gateway writes, an executor only reads.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServer, inboxPrefix, type NatsProcess, startNats } from '@ironlog/infra';
import { hostId, IMAGES_STREAM } from '@ironlog/schemas';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openImageStore } from './image-store.ts';
import type { ImageStore } from './port.ts';

const directory = mkdtempSync(join(tmpdir(), 'il-'));
const signal = new AbortController().signal;
const connections: NatsConnection[] = [];
let server: NatsProcess;
let manager: JetStreamManager;
let gateway: ImageStore;
let executor: ImageStore;

const as = async (user: string): Promise<NatsConnection> => {
  const pass = server.credentials.passwordOf(user);
  const connection = await connect({ servers: server.url, user, pass, inboxPrefix: inboxPrefix(user) });
  connections.push(connection);
  return connection;
};

beforeAll(async () => {
  server = await startNats({ binary: await findNatsServer(), directory, hosts: [hostId('host-1')], tenants: [] });
  manager = await jetstreamManager(await as('provisioner'));
  gateway = await openImageStore(await as('gateway'));
  executor = await openImageStore(await as('executor-host-1'));
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => manager.streams.purge(IMAGES_STREAM));

const digestOf = (bytes: Uint8Array): string => `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
const inPieces = async function* (bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};
const readAll = async (store: ImageStore, digest: string): Promise<Buffer | undefined> => {
  const file = await store.read(digest, signal);
  if (!file) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of file.bytes) pieces.push(piece);
  return Buffer.concat(pieces);
};
const minutesFromNow = (minutes: number): Date => new Date(Date.now() + minutes * 60_000);
const messages = async (): Promise<number> => (await manager.streams.info(IMAGES_STREAM)).state.messages;

test('a file is kept under its digest, and read back byte for byte by an executor', async () => {
  const bytes = randomBytes(5_000_000);
  const upload = await gateway.put(inPieces(bytes));
  expect(upload).toMatchObject({ digest: digestOf(bytes), size: bytes.length });
  expect(await executor.read(upload.digest, signal)).toBeUndefined();
  await upload.keep();
  expect(await readAll(executor, upload.digest)).toEqual(bytes);
});

test('a file that is kept twice is there once; one that is discarded, or cut off, leaves nothing', async () => {
  const bytes = randomBytes(200_000);
  const first = await gateway.put(inPieces(bytes));
  await first.keep();
  const once = await messages();
  const second = await gateway.put(inPieces(bytes));
  await second.keep();
  await (await gateway.put(inPieces(randomBytes(100_000)))).discard();
  const cutOff = async function* (): AsyncGenerator<Uint8Array> {
    yield* inPieces(randomBytes(300_000));
    throw new Error('cut off');
  };
  await expect(gateway.put(cutOff())).rejects.toThrow('cut off');
  expect(await messages()).toBe(once);
  // A kept file is not discarded.
  await first.discard();
  await second.discard();
  expect(await readAll(executor, first.digest)).toEqual(bytes);
  await gateway.drop(first.digest);
  expect(await messages()).toBe(0);
});

test('a sweep takes what is old and that nobody names, and leaves what is named or young', async () => {
  const [named, unnamed, uploaded] = [randomBytes(1000), randomBytes(60_000), randomBytes(2000)];
  for (const bytes of [named, unnamed]) await (await gateway.put(inPieces(bytes))).keep();
  // The leftovers of a gateway that ends between an upload and its name, or during an upload.
  await gateway.put(inPieces(uploaded));
  await (await as('gateway')).request('$O.IMAGES.C.half', randomBytes(100));
  const names = new Set([digestOf(named)]);
  expect(await gateway.sweep(names, minutesFromNow(-1))).toBe(0);
  expect(await gateway.has(digestOf(unnamed))).toBe(true);
  expect(await gateway.sweep(names, minutesFromNow(1))).toBe(3);
  expect(await gateway.has(digestOf(named))).toBe(true);
  expect(await gateway.has(digestOf(unnamed))).toBe(false);
  expect(await messages()).toBe(2);
});

test('a reading ends with its signal, and an executor can neither store nor remove', async () => {
  const upload = await gateway.put(inPieces(randomBytes(10_000_000)));
  await upload.keep();
  const controller = new AbortController();
  const file = await executor.read(upload.digest, controller.signal);
  const reading = async (): Promise<void> => {
    for await (const _ of file?.bytes ?? []) controller.abort(new Error('enough'));
  };
  await expect(reading()).rejects.toThrow('enough');
  await expect(executor.put(inPieces(randomBytes(10)))).rejects.toThrow(/Permissions Violation/);
  await expect(executor.drop(upload.digest)).rejects.toThrow(/Permissions Violation/);
});
