// An image from its upload to a guest that boots it: stored once, on record, fetched by the host, and gone when nobody uses it.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianImage, type Plane, packImage } from '@ironlog/infra';
import type { ImageView, Operation, VmView } from '@ironlog/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elf } from '../bad-input/table/tar.ts';
import { check } from '../harness/invariants.ts';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

const qemu = process.env.IRONLOG_QEMU;

const upload = async ({ http, token }: Plane, json: object, files: ReadonlyMap<string, string>) => {
  const response = await fetch(`${http}/v1/images`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-tar' },
    body: ReadableStream.from(packImage(json, files)),
    duplex: 'half',
  } as RequestInit);
  return { status: response.status, body: (await response.json()) as ImageView & { code?: string; detail?: string } };
};

describe.skipIf(qemu === undefined)('an image on QEMU', () => {
  let test: TestPlane;
  beforeAll(async () => {
    test = await startTestPlane({ hypervisors: ['qemu'] });
  }, 120_000);
  afterAll(() => test.stop());

  const start = async (id: string, image: string): Promise<void> => {
    const spec = { memoryMiB: 256, image };
    const made = await test.http<VmView>('POST', '/v1/vms', { wait: 40, body: { id, start: true, spec } });
    expect(made, JSON.stringify(made.body)).toMatchObject({ status: 200 });
  };
  const ready = (id: string) =>
    until(
      `${id} says that it is up`,
      async () => {
        const response = await fetch(`${test.plane.http}/v1/vms/${id}/console?tail=40000`, {
          headers: { authorization: `Bearer ${test.plane.token}`, accept: 'text/plain' },
        });
        return (await response.text()).includes('ironlog-guest: ready') ? true : undefined;
      },
      55_000,
    );

  it('is uploaded, listed, and boots to its console', async () => {
    const { json, files } = await debianImage({ id: 'small-1', isPacked: true });
    const added = await upload(test.plane, json, files);
    expect(added).toMatchObject({ status: 201, body: { id: 'small-1', hosts: ['host-1'] } });
    expect(await upload(test.plane, json, files)).toMatchObject({ status: 200, body: added.body });
    const { body } = await test.http<{ items: ImageView[] }>('GET', '/v1/images');
    expect(body.items.map(({ id }) => id)).toEqual(['demo', 'small-1']);
    await start('guest-1', 'small-1');
    await ready('guest-1');
    const { image } = await test.vm('guest-1');
    expect(image).toMatchObject({ kernel: { digest: added.body.kernel?.digest } });
  });

  it('whose kernel is an ELF is on its host before a VM needs it, and boots', async () => {
    const { json, files } = await debianImage({ id: 'unpacked-1', isPacked: false });
    expect(await upload(test.plane, json, files)).toMatchObject({ status: 201 });
    await until('the image is on host-1', async () => {
      const { body } = await test.http<{ state: string }>('POST', '/v1/hosts/host-1/images/unpacked-1');
      return body.state === 'present' ? true : undefined;
    });
    await start('guest-2', 'unpacked-1');
    await ready('guest-2');
    expect(await test.command('DELETE', '/v1/vms/guest-2?force=true')).toMatchObject({ status: 'succeeded' });
  });

  it('stays as long as a VM uses it, and is then removed with its files', async () => {
    expect(await test.http('DELETE', '/v1/images/small-1')).toMatchObject({
      status: 409,
      body: { code: 'image-in-use', detail: expect.stringContaining('guest-1') },
    });
    expect(await test.command('DELETE', '/v1/vms/guest-1?force=true')).toMatchObject({ status: 'succeeded' });
    expect(await test.http('DELETE', '/v1/images/small-1')).toMatchObject({ status: 204 });
    expect(await test.http('GET', '/v1/images/small-1')).toMatchObject({ status: 404 });
  });

  it('leaves a log that is legal, and a machine that agrees with it', async () => {
    const entries = await test.events();
    const { problems } = await check({ entries, accepted: [], hostDirectories: [`${test.plane.stateDir}/host-1`] });
    expect(problems).toEqual([]);
  });
});

describe('a host that is killed while it fetches an image', () => {
  let test: TestPlane;
  const scratch = mkdtempSync(join(tmpdir(), 'il-'));
  beforeAll(async () => {
    test = await startTestPlane();
  }, 60_000);
  afterAll(async () => {
    await test.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('goes on with it, leaves no half file, and what it has is what was uploaded', async () => {
    const { plane } = test;
    const paths = { kernel: join(scratch, 'vmlinux'), disk: join(scratch, 'root.img') };
    writeFileSync(paths.kernel, elf());
    writeFileSync(paths.disk, randomBytes(24 * 1024 * 1024));
    const json = {
      id: 'large-1',
      architecture: 'x86_64',
      kernel: { file: 'vmlinux', format: 'elf' },
      rootDisk: { file: 'root.img', format: 'raw' },
    };
    const files = new Map([
      ['vmlinux', paths.kernel],
      ['root.img', paths.disk],
    ]);
    const { status, body } = await upload(plane, json, files);
    expect(status).toBe(201);
    const cache = join(plane.stateDir, 'host-1', '.images');
    const asked = test.http<Operation>('POST', '/v1/vms', {
      wait: 50,
      body: { id: 'vm-1', spec: { image: 'large-1' } },
    });
    await until('it has a part of the file', () =>
      readdirSync(cache).some((name) => name.endsWith('.part')) ? true : undefined,
    );
    process.kill(plane.supervisor.pidOf('vm-executor') ?? 0, 'SIGKILL');
    expect((await asked).body).toMatchObject({ status: 'succeeded' });
    const digests = [body.kernel?.digest, body.rootDisk?.digest];
    expect(readdirSync(cache).toSorted()).toEqual(digests.toSorted());
    for (const name of readdirSync(cache)) {
      const hash = createHash('sha256').update(readFileSync(join(cache, name)));
      expect(`sha256-${hash.digest('hex')}`).toBe(name);
    }
    const { problems } = await check({
      entries: await test.events(),
      accepted: [],
      hostDirectories: [`${plane.stateDir}/host-1`],
    });
    expect(problems).toEqual([]);
  });
});
