import { createEventLog, type Recorded } from '@ironlog/event-log';
import { jetstream } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
const seen: Recorded[] = [];
const following = new AbortController();

beforeAll(async () => {
  plane = await startPlane();
  const log = await createEventLog({ connection: plane.connection });
  void log.tail({ after: 0, onBatch: (batch) => void seen.push(...batch), signal: following.signal });
});
afterAll(async () => {
  following.abort();
  await plane?.stop();
});

const publish = (subject: string, body: unknown = '') =>
  jetstream(plane.connection).publish(subject, typeof body === 'string' ? body : JSON.stringify(body));
const rejectionsOf = (vmId: string) =>
  seen.flatMap(({ read }) =>
    read.ok && read.stored.kind === 'rejection' && read.stored.event.subject === vmId ? [read.stored.event] : [],
  );
const strays = async () => {
  const { body } = await plane.call('GET', '/v1/attention', { as: 'admin' });
  const { items } = body as { items: { kind: string; reason: string }[] };
  return items.filter(({ kind }) => kind === 'quarantined-command');
};
const factsOf = (vmId: string): string[] =>
  seen.flatMap(({ read }) =>
    read.ok && read.stored.kind === 'vm' && read.stored.event.subject === vmId ? [read.stored.event.name] : [],
  );
const rejected = (vmId: string) =>
  vi.waitFor(
    () => {
      const found = rejectionsOf(vmId);
      expect(found).toHaveLength(1);
      return found[0];
    },
    { timeout: 10_000 },
  );

test('empty bodies, published in sequence without waiting, create and boot a VM in that order', async () => {
  await Promise.all([publish('ironlog.cmd.acme.by-hand.create'), publish('ironlog.cmd.acme.by-hand.boot')]);
  await vi.waitFor(() => expect(factsOf('by-hand')).toEqual(['claimed', 'created', 'boot-started', 'booted']), {
    timeout: 10_000,
  });
});

test('a command with its own id is that operation over HTTP, once, though it is published twice', async () => {
  const message = { id: 'cmd-mine', params: { start: true } };
  await publish('ironlog.cmd.acme.mine.create', message);
  await publish('ironlog.cmd.acme.mine.create', message);
  await vi.waitFor(() => expect(factsOf('mine')).toContain('booted'), { timeout: 10_000 });
  expect((await plane.call('GET', '/v1/operations/cmd-mine/wait?timeout=10')).body).toMatchObject({
    vmId: 'mine',
    actor: 'nats',
    status: 'succeeded',
  });
  expect(plane.handled.filter(({ id }) => id === 'cmd-mine')).toHaveLength(1);
});

test('another tenant may use the same id: both commands run', async () => {
  await publish('ironlog.cmd.acme.shared-a.create', { id: 'cmd-shared' });
  await publish('ironlog.cmd.other.shared-b.create', { id: 'cmd-shared' });
  await vi.waitFor(
    () =>
      expect([factsOf('shared-a'), factsOf('shared-b')]).toEqual([
        ['claimed', 'created'],
        ['claimed', 'created'],
      ]),
    { timeout: 10_000 },
  );
});

test('an id reused for another request is rejected, and the first operation is unchanged', async () => {
  await publish('ironlog.cmd.acme.twice.create', { id: 'cmd-twice' });
  await publish('ironlog.cmd.acme.twice.delete', { id: 'cmd-twice' });
  expect(await rejected('twice')).toMatchObject({ data: { code: 'invalid-command' } });
  expect((await plane.call('GET', '/v1/operations/cmd-twice/wait?timeout=10')).body).toMatchObject({
    verb: 'create',
    status: 'succeeded',
  });
});

test.each([
  ['not-json', 'boot', '{"params":', 'invalid-command', 'not JSON'],
  ['bytes', 'boot', '\u0000\uffff', 'invalid-command', 'not JSON'],
  ['a-number', 'boot', '7', 'invalid-command', 'expected ironlog.cmd.<tenant>.<vm>.<verb>'],
  ['null-params', 'boot', { params: null }, 'invalid-command', 'params'],
  ['unknown-field', 'boot', { tenant: 'other' }, 'invalid-command', 'Unrecognized key'],
  ['unknown-parameter', 'boot', { params: { fast: true } }, 'invalid-command', 'Unrecognized key'],
  ['wrong-type', 'create', { params: { spec: { cpus: 'two' } } }, 'invalid-command', 'spec.cpus'],
  ['out-of-range', 'create', { params: { spec: { cpus: 257 } } }, 'invalid-command', 'spec.cpus'],
  ['proto', 'create', '{"params":{"__proto__":{"start":true}}}', 'invalid-command', '__proto__'],
  ['proto-label', 'create', '{"params":{"spec":{"labels":{"__proto__":"x"}}}}', 'invalid-command', '__proto__'],
  ['path-image', 'create', { params: { spec: { image: '../../etc/passwd' } } }, 'invalid-command', 'spec.image'],
  ['no-image', 'create', { params: { spec: { image: 'nowhere' } } }, 'image-not-found', 'nowhere'],
  ['too-late', 'create', { startBy: '2020-01-01T00:00:00.000Z' }, 'expired', 'has passed'],
  ['too-far', 'create', { startBy: '2999-01-01T00:00:00.000Z' }, 'invalid-command', 'ahead'],
  ['not-there', 'boot', '', 'vm-not-found', 'no VM'],
] as const)('%s: rejected on record, with the reason', async (vmId, verb, body, code, reason) => {
  await publish(`ironlog.cmd.acme.${vmId}.${verb}`, body);
  const event = await rejected(vmId);
  expect(event?.data.code).toBe(code);
  expect(event?.data.reason).toContain(reason);
  const operation = await plane.call('GET', `/v1/operations/${event?.causationid}`);
  expect(operation.body).toMatchObject({ status: code === 'expired' ? 'expired' : 'rejected', error: { code } });
});

interface ListedOperation {
  readonly id: string;
  readonly vmId: string | null;
  readonly verb: string | null;
  readonly status: string;
  readonly error: { readonly code: string; readonly reason: string };
  readonly links: { readonly vm: string | null };
}
const rejectedOperations = async (as: 'operator' | 'foreign' = 'operator'): Promise<ListedOperation[]> =>
  (await plane.call('GET', '/v1/operations?status=rejected&limit=500', { as })).body.items as ListedOperation[];

test.each([
  ['no VM and no verb', 'ironlog.cmd.acme', null, null],
  ['no verb', 'ironlog.cmd.acme.vm-7', 'vm-7', null],
  ['an unknown verb', 'ironlog.cmd.acme.vm-7.explode', 'vm-7', null],
  ['an invalid VM id', 'ironlog.cmd.acme.VM_7.boot', null, 'boot'],
  ['a VM with a quote', "ironlog.cmd.acme.vm'--.boot", null, 'boot'],
  ['an extra token', 'ironlog.cmd.acme.a.b.boot', null, null],
])('a subject with %s ends as a rejection in the list of operations', async (_, subject, vm, verb) => {
  const id = `cmd-${subject.length}-${vm}-${verb}`;
  await publish(subject, { id });
  const operation = await vi.waitFor(
    async () => {
      const found = (await rejectedOperations()).find(({ error }) => error.reason.includes(JSON.stringify(subject)));
      if (!found) throw new Error(`no rejection of ${subject}`);
      return found;
    },
    { timeout: 10_000 },
  );
  expect(operation).toMatchObject({ id, vmId: vm, verb, actor: 'nats', error: { code: 'invalid-command' } });
  expect(operation.error.reason).toContain('expected ironlog.cmd.<tenant>.<vm>.<verb>');
  expect(operation.links.vm).toBe(vm && `/v1/vms/${vm}`);
  expect((await plane.call('GET', `/v1/operations/${operation.id}`)).body).toMatchObject(operation);
  expect((await plane.call('GET', `/v1/operations/${operation.id}/wait?timeout=1`)).body).toMatchObject(operation);
  expect(await rejectedOperations('foreign')).toEqual([]);
  expect(await strays()).toEqual([]);
});

test('a message whose subject names no tenant is quarantined and counted, and those after it are handled', async () => {
  await publish('ironlog.cmd.ACME.vm-1.boot');
  await publish('ironlog.cmd.acme.after-strays.create');
  await vi.waitFor(() => expect(factsOf('after-strays')).toContain('created'), { timeout: 10_000 });
  expect(String((await plane.call('GET', '/metrics')).body.text)).toMatch(
    /ironlog_nats_door_messages_total\{[^}]*quarantined[^}]*\} 1/,
  );
  await vi.waitFor(async () => expect(await strays()).toHaveLength(1), { timeout: 10_000 });
  expect((await strays())[0]?.reason).toContain('"ironlog.cmd.ACME.vm-1.boot"');
  expect((await plane.call('GET', '/v1/attention')).body.items).toEqual([]);
});

test('a publish repeated with its message id is one command, also after the duplicate window', async () => {
  const create = () =>
    jetstream(plane.connection).publish('ironlog.cmd.acme.repeated.create', '', { msgID: 'deploy-42' });
  expect((await create()).duplicate).toBe(false);
  await vi.waitFor(async () => expect((await create()).duplicate).toBe(false), { timeout: 10_000 });
  await publish('ironlog.cmd.acme.repeated.boot');
  await vi.waitFor(() => expect(factsOf('repeated')).toContain('booted'), { timeout: 10_000 });
  expect(factsOf('repeated').filter((name) => name === 'claimed')).toHaveLength(1);
  expect(rejectionsOf('repeated')).toEqual([]);
});

test('a command sent again after its startBy has no second outcome', async () => {
  const message = { id: 'cmd-in-time', startBy: new Date(Date.now() + 1_500).toISOString() };
  await publish('ironlog.cmd.acme.in-time.create', message);
  await vi.waitFor(() => expect(factsOf('in-time')).toEqual(['claimed', 'created']), { timeout: 10_000 });
  await vi.waitFor(() => expect(new Date().toISOString() > message.startBy).toBe(true), { timeout: 5_000 });
  await publish('ironlog.cmd.acme.in-time.create', message);
  // Each VM's messages are handled in order: after the next one, the repeat has been handled.
  await publish('ironlog.cmd.acme.in-time.boot');
  await vi.waitFor(() => expect(factsOf('in-time')).toContain('booted'), { timeout: 10_000 });
  expect(rejectionsOf('in-time')).toEqual([]);
});

test('a quarantined message is on the attention list of the next gateway, and of a rebuilt read model', async () => {
  const before = await strays();
  expect(before.length).toBeGreaterThan(0);
  await plane.restart();
  await vi.waitFor(async () => expect(await strays()).toEqual(before), { timeout: 10_000 });
});
