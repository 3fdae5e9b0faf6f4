import { initialVm, nextEvent } from '@ironlog/domain';
import { createEventLog } from '@ironlog/event-log';
import {
  commandId,
  imageManifestSchema,
  newEventId,
  tenantId,
  vmEventSubject,
  vmFilter,
  vmId,
  vmSpecSchema,
} from '@ironlog/schemas';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { beat, fallSilent, heartbeat } from '../fixtures/executor.fixture.ts';
import { type Answer, startGateway } from '../fixtures/gateway.fixture.ts';
import { HOST } from '../fixtures/nats.fixture.ts';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';
import { imageJson, kernelOf, tarOf, upload } from '../images/upload.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const WHY = 'host-1 lacks label zone=b';
const QUEUED = `the create of VM picky: ${WHY}`;
let plane: TestPlane;
/** The answers to a create that fits no host, and to a boot queued behind it. */
let asked: Readonly<Record<'create' | 'boot', Answer>>;

const WAITED = { headers: { prefer: 'wait=0' } };

beforeAll(async () => {
  plane = await startPlane({ withHost: false });
  await beat(plane.connection, heartbeat(HOST));
  await vi.waitFor(async () => expect((await plane.call('GET', '/v1/images')).body.items).toHaveLength(1));
  const body = { id: 'picky', spec: { placement: { hostLabels: { zone: 'b' } } } };
  asked = {
    create: await plane.call('POST', '/v1/vms', { body }),
    boot: await plane.call('POST', '/v1/vms/picky/boot'),
  };
});
afterAll(async () => {
  await plane?.stop();
});

test.each([
  ['create', WHY],
  ['boot', QUEUED],
] as const)('a waiting %s shows what it waits for, wherever its operation is read', async (verb, waitingFor) => {
  const { status, body } = asked[verb];
  expect({ status, body }).toMatchObject({ status: 202, body: { waitingFor } });
  const { id } = body;
  for (const path of [`/v1/operations/${id}`, `/v1/operations/${id}/wait?timeout=0`])
    expect((await plane.call('GET', path)).body, path).toMatchObject({ status: 'pending', waitingFor });
  await vi.waitFor(async () => {
    const { items } = (await plane.call('GET', '/v1/operations?vmId=picky')).body as { items: { id: string }[] };
    expect(items.find((item) => item.id === id)).toMatchObject({ status: 'pending', waitingFor });
  });
});

test('also at a gateway that does not hold it', async () => {
  const other = await startGateway(plane.nats);
  try {
    const { id } = asked.create.body;
    await vi.waitFor(async () =>
      expect((await other.call('GET', `/v1/operations/${id}`)).body).toMatchObject({
        status: 'pending',
        waitingFor: WHY,
      }),
    );
    expect((await other.call('GET', '/v1/vms/picky')).body).toMatchObject({
      spec: { placement: { hostLabels: { zone: 'b' } } },
    });
  } finally {
    await other.stop();
  }
});

test('also in the answer to a caller whose wait ended without an outcome', async () => {
  const body = { id: 'patient', spec: { cpus: 200, hypervisor: 'qemu' } };
  expect(await plane.call('POST', '/v1/vms', { body, ...WAITED })).toMatchObject({
    status: 202,
    body: { status: 'pending', waitingFor: 'host-1 has no qemu' },
  });
  expect(await plane.call('POST', '/v1/vms/patient/boot', WAITED)).toMatchObject({
    status: 202,
    body: { status: 'pending', waitingFor: 'the create of VM patient: host-1 has no qemu' },
  });
});

test('a command sent to a silent host waits for that host', async () => {
  const placed = await plane.call('POST', '/v1/vms', { body: { id: 'placed' } });
  expect(placed.body.waitingFor).toBeUndefined();
  await fallSilent(plane.connection, HOST);
  await vi.waitFor(async () =>
    expect((await plane.call('GET', `/v1/operations/${placed.body.id}`)).body).toMatchObject({
      status: 'pending',
      waitingFor: 'host-1 is silent',
    }),
  );
});

test('a create waits for the image that its host is fetching, by what the host has told last', async () => {
  await beat(plane.connection, heartbeat(HOST));
  const kernel = kernelOf('fetched');
  const { body: image } = await upload(plane.gateway, await tarOf(imageJson('fetched'), { vmlinux: kernel }));
  await vi.waitFor(async () => expect((await plane.call('GET', '/v1/images')).body.items).toHaveLength(2));
  const asked = await plane.call('POST', '/v1/vms', { body: { id: 'fetching', spec: { image: image.id } } });
  const id = commandId(String(asked.body.id));
  const [tenant, vm] = [tenantId('acme'), vmId('fetching')];
  const manifest = imageManifestSchema.parse({
    id: image.id,
    architecture: image.architecture,
    kernel: image.kernel,
  });
  const now = new Date().toISOString();
  const request = { verb: 'create', door: 'http', requestedAt: now, startBy: now, bodyHash: 'a'.repeat(64) } as const;
  const spec = vmSpecSchema.parse({ image: image.id });
  const data = {
    request,
    deadline: now,
    host: HOST,
    hypervisor: 'simulator',
    spec,
    image: manifest,
    start: false,
  } as const;
  const meta = { id: newEventId(), time: now, writer: HOST, actor: 'operator', causationid: id, correlationid: id };
  const event = nextEvent(initialVm(tenant, vm), { name: 'claimed', data }, meta);
  const log = await createEventLog({ connection: plane.connection });
  const subject = vmEventSubject(tenant, vm, HOST, 'claimed');
  await log.append({ subject, event, filter: vmFilter(tenant, vm), expected: 0 });
  const { digest, size } = manifest.kernel;
  await beat(plane.connection, heartbeat(HOST, { fetches: [{ image: manifest.id, digest, size, bytes: 1024 }] }));
  await vi.waitFor(async () =>
    expect((await plane.call('GET', `/v1/operations/${id}`)).body).toMatchObject({
      status: 'running',
      waitingFor: 'host-1 fetches image fetched: 1024 of 4096 bytes of a file',
    }),
  );
  await beat(plane.connection, heartbeat(HOST));
  await vi.waitFor(async () =>
    expect((await plane.call('GET', `/v1/operations/${id}`)).body).not.toHaveProperty('waitingFor'),
  );
});
