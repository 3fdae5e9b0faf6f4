// A pending VM that fits no host: it waits. Covers the outcomes of the VM, its create and its queued commands after a
// delete or a failed create.
import { commandRejected, initialVm, nextEvent } from '@ironlog/domain';
import { createEventLog } from '@ironlog/event-log';
import {
  hostId,
  newEventId,
  rejectionSubject,
  tenantId,
  vmEventSubject,
  vmFilter,
  vmId,
  type WorkCommand,
  workSubject,
} from '@ironlog/schemas';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { beat, heartbeat, startExecutor } from '../fixtures/executor.fixture.ts';
import type { Answer } from '../fixtures/gateway.fixture.ts';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';
import { lastWorkReader } from './last-work.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane?.stop());

const WAIT = { prefer: 'wait=10' };
/** Creates a VM that no host will ever take. */
const ask = (id: string) => plane.create({ id, spec: { placement: { hostLabels: { zone: 'nowhere' } } } });
const remove = (id: string, headers: Record<string, string> = {}) =>
  plane.call('DELETE', `/v1/vms/${id}`, { as: 'admin', headers: { ...WAIT, ...headers } });
/** The VM's operations, once the read model has reached the position of `after`. */
const operations = async (id: string, after?: Answer): Promise<unknown> => {
  const headers = { 'ironlog-position': after?.headers.get('ironlog-position') ?? '' };
  return (await plane.call('GET', `/v1/operations?vmId=${id}`, after && { headers })).body.items;
};

test('a delete of an unclaimed VM cancels its create, and both have a stored outcome', async () => {
  const asked = await ask('regretted');
  expect(await remove('regretted')).toMatchObject({ status: 200, body: { verb: 'delete', status: 'succeeded' } });
  const create_ = await plane.call('GET', `/v1/operations/${asked.body.id}/wait?timeout=10`);
  expect(create_.body).toMatchObject({ status: 'failed', error: { code: 'cancelled' } });
});

test('a VM cancelled before any claim answers like any deleted VM', async () => {
  await ask('unclaimed');
  await plane.create({ id: 'claimed' }, WAIT);
  for (const id of ['unclaimed', 'claimed']) expect((await remove(id)).status).toBe(200);
  const answers = async (id: string) => {
    const asked = [
      await plane.call('POST', `/v1/vms/${id}/boot`, { headers: WAIT }),
      await plane.call('POST', `/v1/vms/${id}/cleanup`, { headers: WAIT }),
      await remove(`${id}?force=true`),
      await plane.create({ id }, WAIT),
      await plane.call('POST', `/v1/vms/${id}/boot`, { headers: { ...WAIT, 'if-match': '"77"' } }),
    ];
    return asked.map(({ status, body }) => [status, body.code, body.currentState, body.allowedActions]);
  };
  const expected = [
    [409, 'vm-deleted', 'deleted', []],
    [409, 'vm-deleted', 'deleted', []],
    [409, 'vm-deleted', 'deleted', []],
    [409, 'vm-exists', 'deleted', []],
    [412, 'revision-mismatch', 'deleted', []],
  ];
  expect(await answers('claimed')).toEqual(expected);
  expect(await answers('unclaimed')).toEqual(expected);
});

test('a delete of an unclaimed VM is a 412 for another If-Match revision, and cancels nothing', async () => {
  await ask('kept');
  expect(await remove('kept', { 'if-match': '"77"' })).toMatchObject({
    status: 412,
    body: { code: 'revision-mismatch', currentState: 'pending', allowedActions: ['delete'] },
  });
  const kept = await plane.call('GET', '/v1/vms/kept');
  expect(kept.body).toMatchObject({ state: 'pending' });
  const removed = await remove('kept', { 'if-match': kept.headers.get('etag') ?? '' });
  expect(removed.status).toBe(200);
  const ended = (verb: string, status: string) => expect.objectContaining({ verb, status });
  const all = [ended('delete', 'rejected'), ended('delete', 'succeeded'), ended('create', 'failed')];
  expect(await operations('kept', removed)).toEqual(expect.arrayContaining(all));
});

test('commands queued for an unclaimed VM are rejected on record when the VM is deleted', async () => {
  const [first, again] = [await ask('queued'), await ask('queued')];
  const boot = await plane.call('POST', '/v1/vms/queued/boot', { as: 'admin' });
  expect([first.status, again.status, boot.status]).toEqual([202, 202, 202]);
  await remove('queued');
  const ended = async ({ body }: Answer) => (await plane.call('GET', `/v1/operations/${body.id}/wait?timeout=5`)).body;
  expect(await ended(boot)).toMatchObject({
    status: 'rejected',
    actor: 'admin',
    error: { code: 'vm-deleted', currentState: 'deleted', allowed: [] },
  });
  // The delete cancelled one of the two creates; the other finds the VM deleted.
  const end = (status: string, code: string) =>
    expect.objectContaining({ status, error: expect.objectContaining({ code }) });
  const both = [end('failed', 'cancelled'), end('rejected', 'vm-exists')];
  expect([await ended(first), await ended(again)]).toEqual(expect.arrayContaining(both));
});

/** Recovery's expiry of a late create. */
const expire = async (create: WorkCommand): Promise<void> => {
  const { tenant, subject: id, data } = create;
  const event = nextEvent(
    initialVm(tenant, id),
    { name: 'command-expired', data: { request: data.request, reason: 'no host took it in time', state: 'absent' } },
    {
      id: newEventId(),
      time: new Date().toISOString(),
      writer: 'recovery',
      actor: create.actor,
      causationid: create.id,
      correlationid: create.id,
    },
  );
  const log = await createEventLog({ connection: plane.connection });
  await log.append({
    subject: vmEventSubject(tenant, id, 'recovery', event.name),
    event,
    filter: vmFilter(tenant, id),
    expected: 0,
  });
};
const reject = async (create: WorkCommand): Promise<void> => {
  const rejection = { code: 'over-capacity', reason: 'no host will ever have room' } as const;
  const event = commandRejected(create, rejection, { writer: 'gateway', time: new Date().toISOString() });
  const log = await createEventLog({ connection: plane.connection });
  await log.appendRejection(rejectionSubject(create.tenant, 'gateway'), event);
};

test.each([
  ['expires', 'expired', expire],
  ['is rejected', 'rejected', reject],
])('commands queued behind a create that %s are rejected then, and not at their own startBy', async (_, id, end) => {
  const asked = await ask(id);
  const boot = await plane.call('POST', `/v1/vms/${id}/boot`, { headers: { prefer: 'wait=0' } });
  expect([asked.status, boot.status]).toEqual([202, 202]);
  const create = await (await lastWorkReader(plane.connection))(
    workSubject('any', tenantId('acme'), vmId(id), 'create'),
  );
  if (!create) throw new Error('the create is not on WORK');
  await end(create);
  const ended = await plane.call('GET', `/v1/operations/${boot.body.id}/wait?timeout=10`);
  expect(ended.body).toMatchObject({
    status: 'rejected',
    error: { code: 'vm-not-found', reason: 'there is no such VM', currentState: 'absent' },
  });
  // The id is free again.
  expect((await ask(id)).status).toBe(202);
});

test('a cancelled create has also ended in the list, for a new gateway and a new read model', async () => {
  const asked = await ask('ended');
  const removed = await remove('ended');
  const ended = { id: asked.body.id, verb: 'create', status: 'failed', actor: 'operator' };
  const all = expect.arrayContaining([expect.objectContaining(ended)]);
  expect(await operations('ended', removed)).toEqual(all);
  await plane.restart();
  await vi.waitFor(async () => expect(await operations('ended')).toEqual(all));
  expect((await plane.call('GET', `/v1/operations/${asked.body.id}`)).body).toMatchObject({
    ...ended,
    requestedAt: asked.body.requestedAt,
    error: { code: 'cancelled' },
  });
});

test('a create that fits nowhere waits with its reason, and is placed when a host has capacity', async () => {
  const waiting = await plane.create({ id: 'big', spec: { cpus: 200, placement: { hostLabels: { zone: 'b' } } } });
  expect(waiting.status).toBe(202);
  const seen = await plane.call('GET', `/v1/operations/${waiting.body.id}`);
  expect(seen.body).toMatchObject({ status: 'pending', waitingFor: 'host-1 lacks label zone=b' });
  const second = await startExecutor(plane.connection, hostId('host-2'));
  await beat(plane.connection, heartbeat(hostId('host-2'), { labels: { zone: 'b' } }));
  const placed = await plane.call('GET', `/v1/operations/${waiting.body.id}/wait?timeout=20`);
  expect(placed.body).toMatchObject({ status: 'succeeded' });
  expect(second.handled.map(({ data }) => data.round)).toEqual([1]);
  await second.stop();
  await beat(plane.connection, heartbeat(hostId('host-2'), { status: 'draining' }));
});
