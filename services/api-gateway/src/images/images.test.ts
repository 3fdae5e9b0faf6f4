// Images at the gateway: recorded with their file formats, their files stored as long as an image names them, and a create
// resolved to the recorded image.
import { once } from 'node:events';
import { connect } from 'node:net';
import { IMAGES_STREAM, type ImageManifest } from '@ironlog/schemas';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { TOKENS } from '../fixtures/gateway.fixture.ts';
import { HOST } from '../fixtures/nats.fixture.ts';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';
import { digestOf, imageJson, kernelOf, tarOf, upload } from './upload.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
let manager: JetStreamManager;
beforeAll(async () => {
  plane = await startPlane();
  manager = await jetstreamManager(plane.connection);
});
afterAll(() => plane?.stop());

/** The object store's messages: chunks, and a name per file. */
const stored = async (): Promise<number> => (await manager.streams.info(IMAGES_STREAM)).state.messages;
const send = async (id: string, kernel: Uint8Array, more: object = {}, files: Record<string, Uint8Array> = {}) =>
  upload(plane.gateway, await tarOf(imageJson(id, more), { vmlinux: kernel, ...files }));
const remove = (id: string, as: keyof typeof TOKENS = 'admin') => plane.call('DELETE', `/v1/images/${id}`, { as });
const list = async (query = ''): Promise<{ ids: string[]; nextCursor: unknown }> => {
  const { body } = await plane.call('GET', `/v1/images${query}`);
  return { ids: (body.items as { id: string }[]).map(({ id }) => id), nextCursor: body.nextCursor };
};
/** From the read model. */
const listed = (...ids: string[]) => vi.waitFor(async () => expect((await list()).ids).toEqual(ids));
const created = (vm: string, image: string, headers = {}) =>
  plane.create({ id: vm, start: true, spec: { image } }, { prefer: 'wait=20', ...headers });

afterEach(async () => {
  for (const id of (await list()).ids) if (id !== 'demo') await remove(id);
  await listed('demo');
  expect(await stored()).toBe(0);
});

test('an image is on record with the digests of its files, and the same again changes nothing', async () => {
  const [kernel, initrd] = [kernelOf('a'), Buffer.from('an initrd')];
  const more = { initrd: { file: 'initrd' }, hypervisors: ['simulator'], args: 'console=ttyS0' };
  const added = await send('alpine-1', kernel, more, { initrd });
  expect(added.status).toBe(201);
  expect(added.headers.get('location')).toBe('/v1/images/alpine-1');
  expect(added.body).toMatchObject({
    id: 'alpine-1',
    hosts: [HOST],
    hypervisors: ['simulator'],
    kernel: { file: 'vmlinux', format: 'elf', digest: digestOf(kernel), size: kernel.length },
    initrd: { digest: digestOf(initrd), size: initrd.length },
    args: 'console=ttyS0',
  });
  const before = await stored();
  expect(await send('alpine-1', kernel, more, { initrd })).toMatchObject({ status: 200, body: added.body });
  expect(await stored()).toBe(before);
  const position = added.headers.get('ironlog-position') ?? '';
  const read = await plane.call('GET', '/v1/images/alpine-1', {
    as: 'viewer',
    headers: { 'ironlog-position': position },
  });
  expect(read).toMatchObject({ status: 200, body: added.body });
  const events = async (as: keyof typeof TOKENS): Promise<string> =>
    (await plane.call('GET', '/v1/events?follow=false', { as, headers: { accept: 'text/event-stream' } })).body
      .text as string;
  expect(await events('auditor')).toMatch(
    /"type":"ironlog.image.added.v1","subject":"alpine-1".*"actor":"admin".*"digest":"sha256-/,
  );
  expect(await events('operator')).not.toContain('ironlog.image');
});

test('another image under its id is refused, and leaves nothing', async () => {
  await send('alpine-1', kernelOf('a'));
  const before = await stored();
  expect(await send('alpine-1', kernelOf('b'))).toMatchObject({ status: 409, body: { code: 'image-exists' } });
  expect(await send('alpine-1', kernelOf('a'), { args: 'quiet' })).toMatchObject({ status: 409 });
  expect(await send('demo', kernelOf('a'))).toMatchObject({ status: 409, body: { code: 'image-exists' } });
  expect(await stored()).toBe(before);
});

test('a file that two images name is stored once, and goes with the last of them', async () => {
  await send('one', kernelOf('a'));
  const before = await stored();
  await send('two', kernelOf('a'), { args: 'quiet' });
  expect(await stored()).toBe(before);
  expect((await remove('one')).status).toBe(204);
  expect(await stored()).toBe(before);
  expect((await remove('two')).status).toBe(204);
  expect(await stored()).toBe(0);
  expect(await remove('two')).toMatchObject({ status: 404, body: { code: 'not-found' } });
});

test('only an admin adds and removes images', async () => {
  const tar = await tarOf(imageJson('one'), { vmlinux: kernelOf('a') });
  for (const as of ['operator', 'auditor', 'viewer'] as const)
    expect(await upload(plane.gateway, tar, as)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  await send('one', kernelOf('a'));
  expect(await remove('one', 'operator')).toMatchObject({ status: 403 });
});

test('the list is paged by id, with the hosts own images in their place', async () => {
  for (const id of ['alpine', 'debian', 'zephyr']) await send(id, kernelOf(id));
  await listed('alpine', 'debian', 'demo', 'zephyr');
  const ids: string[] = [];
  let query = '?limit=1';
  for (let pages = 1; ; pages += 1) {
    const page = await list(query);
    ids.push(...page.ids);
    if (page.nextCursor === null) {
      expect(pages).toBe(4);
      break;
    }
    query = `?limit=1&cursor=${page.nextCursor}`;
  }
  expect(ids).toEqual(['alpine', 'debian', 'demo', 'zephyr']);
});

describe('a create that names an image', () => {
  test('is sent to its host with what is on record, which stays with the VM', async () => {
    const { body } = await send('alpine-1', kernelOf('a'));
    // At once: the read model may not have it.
    expect(await created('web-1', 'alpine-1')).toMatchObject({ status: 200 });
    const sent = plane.handled.find(({ subject }) => subject === 'web-1')?.data.image as ImageManifest;
    expect(sent.kernel).toEqual(body.kernel);
    await vi.waitFor(async () =>
      expect((await plane.call('GET', '/v1/vms/web-1')).body).toMatchObject({ image: { id: 'alpine-1' } }),
    );
    // While the VM exists; another tenant's admin does not get its name.
    const refused = await remove('alpine-1');
    expect(refused).toMatchObject({ status: 409, body: { code: 'image-in-use' } });
    expect(refused.body.detail).toContain('VM web-1');
    const foreign = await remove('alpine-1', 'foreign');
    expect(foreign).toMatchObject({ status: 409, body: { code: 'image-in-use' } });
    expect(foreign.body.detail).not.toContain('web-1');
    expect((await plane.call('DELETE', '/v1/vms/web-1?force=true', { headers: { prefer: 'wait=20' } })).status).toBe(
      200,
    );
  });

  test('waits where no host has a hypervisor that boots it, and keeps the image while it waits', async () => {
    await send('picky', kernelOf('p'), { hypervisors: ['qemu'] });
    const asked = await created('web-2', 'picky', { prefer: 'wait=0' });
    expect(asked).toMatchObject({ status: 202 });
    expect(asked.body.waitingFor).toContain('has no hypervisor that boots image picky');
    await vi.waitFor(async () =>
      expect(await remove('picky')).toMatchObject({ status: 409, body: { code: 'image-in-use' } }),
    );
    expect((await plane.call('DELETE', '/v1/vms/web-2', { headers: { prefer: 'wait=20' } })).status).toBe(200);
  });

  test('is refused when there is none by now', async () => {
    await send('gone', kernelOf('g'));
    await remove('gone');
    expect(await created('web-3', 'gone')).toMatchObject({ status: 409, body: { code: 'image-not-found' } });
  });

  test('is resolved by a gateway that began after the image was added', async () => {
    await send('alpine-1', kernelOf('a'));
    await plane.restart();
    await vi.waitFor(async () => expect((await list()).ids).toEqual(['alpine-1', 'demo']));
    expect(await created('web-4', 'alpine-1')).toMatchObject({ status: 200 });
    expect(plane.handled.find(({ subject }) => subject === 'web-4')?.data.image?.id).toBe('alpine-1');
    expect((await plane.call('DELETE', '/v1/vms/web-4?force=true', { headers: { prefer: 'wait=20' } })).status).toBe(
      200,
    );
    // Operations of an earlier gateway are replayed.
    await vi.waitFor(async () => expect((await remove('alpine-1')).status).toBe(204));
  });
});

test('what a gateway has left that was cut off long ago is swept by the next one, and nothing that is named or young', async () => {
  await send('alpine-1', kernelOf('a'));
  const before = await stored();
  const name = (text: string): string => Buffer.from(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  const plant = async (object: string, mtime: string): Promise<void> => {
    const info = { name: object, bucket: 'IMAGES', nuid: object, size: 1, chunks: 1, digest: 'SHA-256=', mtime };
    await plane.connection.request(`$O.IMAGES.C.${object}`, 'x');
    await plane.connection.request(`$O.IMAGES.M.${name(object)}`, JSON.stringify(info));
  };
  await plant('upload-old', '2020-01-01T00:00:00.000Z');
  await plant(`sha256-${'0'.repeat(64)}`, '2020-01-01T00:00:00.000Z');
  await plant('upload-young', new Date().toISOString());
  expect(await stored()).toBe(before + 6);
  await plane.restart();
  await vi.waitFor(async () => expect(await stored()).toBe(before + 2), { timeout: 10_000 });
  for (const subject of ['C.upload-young', `M.${name('upload-young')}`])
    await manager.streams.purge(IMAGES_STREAM, { filter: `$O.IMAGES.${subject}` });
});

describe('an upload', () => {
  const BIG = 8 * 1024 * 1024;

  test('that is cut off leaves nothing', async () => {
    const tar = await tarOf(imageJson('half'), { vmlinux: kernelOf('h', BIG) });
    const { hostname, port } = new URL(plane.gateway.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const head = [
      'POST /v1/images HTTP/1.1',
      'host: x',
      `authorization: Bearer ${TOKENS.admin}`,
      'content-type: application/x-tar',
      `content-length: ${tar.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(tar.subarray(0, BIG / 2));
    await vi.waitFor(async () => expect(await stored()).toBeGreaterThan(10));
    socket.destroy();
    await vi.waitFor(async () => expect(await stored()).toBe(0));
  });

  test('that is refused while it is sent comes to its answer, and leaves nothing', async () => {
    const rootDisk = { file: 'root.img', format: 'raw' };
    const disk = Buffer.alloc(BIG);
    disk.write('QFI\xfb', 'latin1');
    expect(await send('bad', kernelOf('b'), { rootDisk }, { 'root.img': disk })).toMatchObject({
      status: 400,
      body: {
        code: 'invalid-request',
        errors: [{ path: 'rootDisk.format', message: expect.stringContaining('qcow2') }],
      },
    });
    expect(await stored()).toBe(0);
  });

  test('is refused past the size that is allowed', async () => {
    await plane.restart({ IRONLOG_IMAGE_MAX_MIB: '1' });
    const tar = await tarOf(imageJson('big'), { vmlinux: kernelOf('b', BIG) });
    expect(await upload(plane.gateway, tar)).toMatchObject({ status: 413, body: { code: 'payload-too-large' } });
    // Also with small entries and a large trailer.
    const padded = Buffer.concat([await tarOf(imageJson('big'), { vmlinux: kernelOf('b') }), Buffer.alloc(BIG)]);
    expect(await upload(plane.gateway, padded)).toMatchObject({ status: 413 });
    await plane.restart();
  });
});

describe('a host that is asked to fetch an image', () => {
  const ask = (id = 'alpine-1', host: string = HOST) =>
    plane.call('POST', `/v1/hosts/${host}/images/${id}`, { as: 'admin' });
  const answering = (answer: object) =>
    plane.connection.subscribe(`ironlog.rpc.${HOST}.image`, {
      callback: (_, message) => void message.respond(JSON.stringify(answer)),
    });

  test.each([
    [{ state: 'present' }, { status: 200, body: { host: HOST, image: 'alpine-1', state: 'present' } }],
    [{ state: 'fetching' }, { status: 202, body: { host: HOST, image: 'alpine-1', state: 'fetching' } }],
    [
      { state: 'failed', reason: 'no room' },
      { status: 502, body: { code: 'operation-failed', detail: 'no room' } },
    ],
  ])('tells that it is %j', async (answer, expected) => {
    await send('alpine-1', kernelOf('a'));
    const subscription = answering(answer);
    await plane.connection.flush();
    expect(await ask()).toMatchObject(expected);
    subscription.unsubscribe();
  });

  test('is one that lives and answers, and the image one that is on record', async () => {
    await send('alpine-1', kernelOf('a'));
    expect(await ask()).toMatchObject({ status: 503, body: { code: 'host-unreachable' } });
    expect(await ask('alpine-1', 'host-7')).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await ask('demo')).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await plane.call('POST', `/v1/hosts/${HOST}/images/alpine-1`)).toMatchObject({ status: 403 });
  });
});
