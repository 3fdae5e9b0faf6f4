// A VM of an uploaded image: fetched before its process starts, and refused if the hypervisor cannot boot it.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findByDirectory } from '@ironlog/hypervisor';
import { newVmId } from '@ironlog/schemas';
import { expect, test, vi } from 'vitest';
import { BOUND, testHost } from '../host.fixture.ts';

const host = testHost();
const KERNEL = Buffer.alloc(3000, 'kernel');
const cached = (): string[] => readdirSync(join(host.root, '.images'));

test('it is on record with its digests, its files are there before its process, and a boot fetches them again', async () => {
  const image = host.images.image('small', KERNEL);
  await host.start();
  const id = newVmId();
  await host.send(id, 'create', { params: { spec: { image: 'small' }, start: true }, image });
  await host.until(id, 'booted');
  expect((await host.story(id))[0]).toMatchObject({ name: 'claimed', data: { image } });
  expect(cached()).toEqual([image.kernel.digest]);
  await host.send(id, 'shutdown', { params: { mode: 'force' } });
  await host.until(id, 'stopped');
  rmSync(join(host.root, '.images', image.kernel.digest));
  await host.send(id, 'boot');
  await vi.waitFor(
    async () => expect(await host.last(id)).toMatchObject({ name: 'booted', data: { epoch: 2 } }),
    BOUND,
  );
  expect(cached()).toEqual([image.kernel.digest]);
  expect(host.images.reads).toHaveLength(2);
});

test('an image whose file is lost fails the create, with its reason and without residue', async () => {
  const image = host.images.image('small', KERNEL);
  host.images.put(Buffer.alloc(3000, 'other'), image.kernel.digest);
  await host.start();
  const id = newVmId();
  await host.send(id, 'create', { params: { spec: { image: 'small' } }, image });
  await host.until(id, 'create-failed');
  expect((await host.last(id))?.data).toMatchObject({ stage: 'image', retryable: false, residue: [] });
  expect(await findByDirectory(host.directoryOf(id))).toEqual([]);
  expect(cached()).toEqual([]);
});

test('a create that was cut off in its fetch goes on with it at the next start', async () => {
  const image = host.images.image('small', KERNEL);
  const held = Promise.withResolvers<void>();
  host.images.reading = () => held.promise;
  await host.start();
  const id = newVmId();
  await host.send(id, 'create', { params: { spec: { image: 'small' } }, image });
  await vi.waitFor(() => expect(host.images.reads).toHaveLength(1), BOUND);
  const stopped = host.stop();
  held.resolve();
  await stopped;
  expect(await host.names(id)).toEqual(['claimed']);
  host.images.reading = () => undefined;
  await host.start();
  await host.until(id, 'created');
  expect(cached()).toEqual([image.kernel.digest]);
});

test('a host none of whose hypervisors boots the image rejects it', async () => {
  const image = { ...host.images.image('small', KERNEL), hypervisors: ['qemu' as const] };
  await host.start();
  const id = newVmId();
  await host.send(id, 'create', { params: { spec: { image: 'small' } }, image });
  await vi.waitFor(() => expect(host.rejections()).toMatchObject([{ code: 'hypervisor-not-available' }]), BOUND);
});

test('files of its VMs are in use as long as the VMs are there', async () => {
  host.imageCacheBytes = 4000;
  const [small, other] = [host.images.image('small', KERNEL), host.images.image('other', Buffer.alloc(3000, 'other'))];
  await host.start();
  const [first, second, third] = [newVmId(), newVmId(), newVmId()];
  await host.send(first, 'create', { params: { spec: { image: 'small' } }, image: small });
  await host.until(first, 'created');
  await host.send(second, 'create', { params: { spec: { image: 'other' } }, image: other });
  await host.until(second, 'create-failed');
  expect((await host.last(second))?.data).toMatchObject({ stage: 'image', reason: expect.stringContaining('no room') });
  for (const id of [first, second]) {
    await host.send(id, 'delete', { params: { force: true } });
    await host.until(id, 'deleted');
  }
  await host.send(third, 'create', { params: { spec: { image: 'other' } }, image: other });
  await host.until(third, 'created');
  expect(cached()).toEqual([other.kernel.digest]);
});
