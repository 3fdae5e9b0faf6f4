// A VM that is asked for and fits no host: what becomes of it, of its create, and of what is queued for it, when it is deleted.
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type PaperExecutor, startExecutor } from '../fixtures/executor.fixture.ts';
import { type Answer, startGateway, type TestGateway } from '../fixtures/gateway.fixture.ts';
import { HOST, startNats, type TestNats } from '../fixtures/nats.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let nats: TestNats;
let connection: NatsConnection;
let executor: PaperExecutor;
let gateway: TestGateway;
beforeAll(async () => {
  nats = await startNats();
  connection = await nats.connect();
  executor = await startExecutor(connection, HOST);
  gateway = await startGateway(nats);
  await vi.waitFor(async () => expect((await gateway.call('GET', '/v1/images')).body.items).toHaveLength(1));
});
afterAll(async () => {
  await gateway?.stop();
  await executor?.stop();
  await connection?.close();
  await nats?.stop();
});

const WAIT = { prefer: 'wait=10' };
const create = (body: object, headers: Record<string, string> = {}) =>
  gateway.call('POST', '/v1/vms', { body, headers });
/** Asks for a VM that no host will ever take. */
const ask = (id: string) => create({ id, spec: { placement: { hostLabels: { zone: 'nowhere' } } } });
const remove = (id: string, headers: Record<string, string> = {}) =>
  gateway.call('DELETE', `/v1/vms/${id}`, { as: 'admin', headers: { ...WAIT, ...headers } });
/** Those of the VM, once the read model has got to where `after` was answered. */
const operations = async (id: string, after?: Answer): Promise<unknown> => {
  const headers = { 'ironlog-position': after?.headers.get('ironlog-position') ?? '' };
  return (await gateway.call('GET', `/v1/operations?vmId=${id}`, after && { headers })).body.items;
};

test('a delete of a VM that nobody has claimed cancels its create, and both end on record', async () => {
  const asked = await ask('regretted');
  expect(await remove('regretted')).toMatchObject({ status: 200, body: { verb: 'delete', status: 'succeeded' } });
  const create_ = await gateway.call('GET', `/v1/operations/${asked.body.id}/wait?timeout=10`);
  expect(create_.body).toMatchObject({ status: 'failed', error: { code: 'cancelled' } });
});

test('a VM that was deleted before any host had claimed it answers like any other deleted VM', async () => {
  await ask('unclaimed');
  await create({ id: 'claimed' }, WAIT);
  for (const id of ['unclaimed', 'claimed']) expect((await remove(id)).status).toBe(200);
  const answers = async (id: string) => {
    const asked = [
      await gateway.call('POST', `/v1/vms/${id}/boot`, { headers: WAIT }),
      await gateway.call('POST', `/v1/vms/${id}/cleanup`, { headers: WAIT }),
      await remove(`${id}?force=true`),
      await create({ id }, WAIT),
      await gateway.call('POST', `/v1/vms/${id}/boot`, { headers: { ...WAIT, 'if-match': '"77"' } }),
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

test('a delete of a VM that nobody has claimed is a 412 at another revision than If-Match says, and cancels nothing', async () => {
  await ask('kept');
  expect(await remove('kept', { 'if-match': '"77"' })).toMatchObject({
    status: 412,
    body: { code: 'revision-mismatch', currentState: 'pending', allowedActions: ['delete'] },
  });
  const kept = await gateway.call('GET', '/v1/vms/kept');
  expect(kept.body).toMatchObject({ state: 'pending' });
  const removed = await remove('kept', { 'if-match': kept.headers.get('etag') ?? '' });
  expect(removed.status).toBe(200);
  const ended = (verb: string, status: string) => expect.objectContaining({ verb, status });
  const all = [ended('delete', 'rejected'), ended('delete', 'succeeded'), ended('create', 'failed')];
  expect(await operations('kept', removed)).toEqual(expect.arrayContaining(all));
});

test('what was queued for a VM that nobody has claimed is rejected on record when the VM is deleted', async () => {
  const [first, again] = [await ask('queued'), await ask('queued')];
  const boot = await gateway.call('POST', '/v1/vms/queued/boot', { as: 'admin' });
  expect([first.status, again.status, boot.status]).toEqual([202, 202, 202]);
  await remove('queued');
  const ended = async ({ body }: Answer) =>
    (await gateway.call('GET', `/v1/operations/${body.id}/wait?timeout=5`)).body;
  expect(await ended(boot)).toMatchObject({
    status: 'rejected',
    actor: 'admin',
    error: { code: 'vm-deleted', currentState: 'deleted', allowed: [] },
  });
  // The delete has cancelled one of the two creates; the other finds the VM deleted.
  const end = (status: string, code: string) =>
    expect.objectContaining({ status, error: expect.objectContaining({ code }) });
  const both = [end('failed', 'cancelled'), end('rejected', 'vm-exists')];
  expect([await ended(first), await ended(again)]).toEqual(expect.arrayContaining(both));
});

test('a cancelled create has ended in the list too, and for a gateway and a read model that begin anew', async () => {
  const asked = await ask('ended');
  const removed = await remove('ended');
  const ended = { id: asked.body.id, verb: 'create', status: 'failed', actor: 'operator' };
  const all = expect.arrayContaining([expect.objectContaining(ended)]);
  expect(await operations('ended', removed)).toEqual(all);
  await gateway.stop();
  gateway = await startGateway(nats);
  await vi.waitFor(async () => expect(await operations('ended')).toEqual(all));
  expect((await gateway.call('GET', `/v1/operations/${asked.body.id}`)).body).toMatchObject({
    ...ended,
    requestedAt: asked.body.requestedAt,
    error: { code: 'cancelled' },
  });
});
