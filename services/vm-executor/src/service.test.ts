// The executor on a real nats-server with real simulators: each command is answered once, and live processes live on.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workCommand } from '@ironlog/domain';
import {
  createEventLog,
  createWorkQueue,
  executorConsumer,
  hostsBucketConfig,
  imagesBucketConfig,
  streamConfigs,
} from '@ironlog/event-log';
import { findUnder, killProcess } from '@ironlog/hypervisor';
import {
  actionSchema,
  commandId,
  type Heartbeat,
  HOSTS_BUCKET,
  heartbeatSchema,
  hostFilter,
  hostId,
  newVmId,
  tenantId,
  type VmId,
  vmFilter,
} from '@ironlog/schemas';
import { createHealth, createLogger, createMetrics, type Health, loadConfig, type Service } from '@ironlog/service-kit';
import { Kvm } from '@nats-io/kv';
import { connect, millis, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { environmentSchema } from './env.ts';
import { create } from './service.ts';

const BOUND = { timeout: 30_000 };
const HOST = hostId('host-1');
const TENANT = tenantId('acme');
let root: string;
let server: ChildProcess;
let url: string;
let connection: NatsConnection;
/** Of the service started last. */
let health: Health;
const services: Service[] = [];
const metrics = createMetrics({ service: 'vm-executor' });

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (typeof address !== 'object' || !address) throw new Error('a listening socket has no port');
  return address.port;
};

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
  const [port, config] = [await freePort(), join(root, 'nats.conf')];
  const users = 'authorization { users: [{ user: test, password: test }] }';
  writeFileSync(
    config,
    `server_name: test\nlisten: "127.0.0.1:${port}"\njetstream { store_dir: "${root}" }\n${users}\n`,
  );
  // Found by vitest's global setup.
  server = spawn(process.env.IRONLOG_NATS_SERVER ?? 'nats-server', ['-c', config], { stdio: 'ignore' });
  url = `nats://127.0.0.1:${port}`;
  connection = await connect({
    servers: url,
    user: 'test',
    pass: 'test',
    waitOnFirstConnect: true,
    reconnectTimeWait: 20,
  });
  const ask = async (subject: string, body: unknown) =>
    expect((await connection.request(`$JS.API.${subject}`, JSON.stringify(body))).json()).not.toHaveProperty('error');
  for (const stream of [...streamConfigs({ replicas: 1 }), imagesBucketConfig({ replicas: 1 })])
    await ask(`STREAM.CREATE.${stream.name}`, stream);
  const { stream, config: consumer } = executorConsumer(HOST);
  const body = { stream_name: stream, config: consumer };
  await ask(`CONSUMER.DURABLE.CREATE.${stream}.${consumer.durable_name}`, body);
  const { max_age, storage } = hostsBucketConfig({ replicas: 1 });
  await new Kvm(connection).create(HOSTS_BUCKET, { ttl: millis(max_age), storage });
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
  for (const { identity } of await findUnder(root)) await killProcess(identity, { graceMs: 0 });
  await connection.close();
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
  rmSync(root, { recursive: true, force: true });
});

const start = async (): Promise<Service> => {
  const config = loadConfig(environmentSchema, {
    IRONLOG_NATS_URL: url,
    IRONLOG_NATS_USER: 'test',
    IRONLOG_NATS_PASSWORD: 'test',
    IRONLOG_NATS_SERVER_NAME: 'test',
    IRONLOG_ALLOW_UNSAFE_SYNC: 'true',
    IRONLOG_HTTP_PORT: '0',
    IRONLOG_STATE_DIR: join(root, 's'),
    IRONLOG_HOST_ID: HOST,
    IRONLOG_HOST_PROCESSES: '1',
  });
  health = createHealth();
  const service = create(config, { metrics, health, logger: createLogger({ service: 'vm-executor', level: 'fatal' }) });
  services.push(service);
  await service.start();
  return service;
};

/** Publishes a command on WORK. Another `round` is the same command, routed again. */
const send = async (vm: VmId, verb: 'create' | 'boot' | 'pause' | 'delete', params: object = {}, round = 0) => {
  const [now, later] = [new Date().toISOString(), new Date(Date.now() + 600_000).toISOString()];
  const command = workCommand({
    writer: 'gateway',
    id: commandId(`cmd-${verb}-${vm}`),
    tenant: TENANT,
    vmId: vm,
    actor: 'test',
    action: actionSchema.parse({ verb, params }),
    request: { door: 'http', requestedAt: now, startBy: later, bodyHash: 'a'.repeat(64) },
  });
  const sent = { ...command, data: { ...command.data, round } };
  expect(await (await createWorkQueue({ connection })).publish(HOST, sent)).toMatchObject({ duplicate: false });
};
const events = async (filter: string) =>
  (await (await createEventLog({ connection })).readSince(filter, 0)).flatMap(({ read }) =>
    read.ok ? [read.stored] : [],
  );
const story = async (vm: VmId) =>
  (await events(vmFilter(TENANT, vm))).flatMap((stored) => (stored.kind === 'vm' ? [stored.event] : []));
const lastOfHost = async () =>
  (await events(hostFilter(HOST))).flatMap((stored) => (stored.kind === 'host' ? [stored.event.name] : [])).at(-1);
const names = async (vm: VmId) => (await story(vm)).map(({ name }) => name);
const untilLast = (vm: VmId, last: string) =>
  vi.waitFor(async () => expect((await names(vm)).at(-1)).toBe(last), BOUND);
const allAcked = () =>
  vi.waitFor(async () => {
    const { stream, config } = executorConsumer(HOST);
    const info = await connection.request(`$JS.API.CONSUMER.INFO.${stream}.${config.durable_name}`);
    expect(info.json()).toMatchObject({ num_pending: 0, num_ack_pending: 0 });
  }, BOUND);
const processes = async () => (await findUnder(root)).map(({ identity, epoch }) => [identity.pid, epoch]);
const BOOTED = ['claimed', 'created', 'boot-started', 'booted'];

test('a redelivered command is executed once, and acked', async () => {
  const vm = newVmId();
  await start();
  await send(vm, 'create', { start: true });
  await untilLast(vm, 'booted');
  const before = await processes();
  await send(vm, 'create', { start: true }, 1);
  await allAcked();
  expect(await names(vm)).toEqual(BOOTED);
  expect(await processes()).toEqual(before);
});

test('a rejected command is answered once, though it would be accepted now, and after a restart', async () => {
  const vm = newVmId();
  const executor = await start();
  await send(vm, 'boot');
  await allAcked();
  await send(vm, 'create');
  await untilLast(vm, 'created');
  await send(vm, 'boot', {}, 1);
  await allAcked();
  await executor.stop();
  await start();
  await send(vm, 'boot', {}, 2);
  await allAcked();
  expect(await names(vm)).toEqual(['claimed', 'created']);
  const rejections = (await events('ironlog.evt.cmd.>')).flatMap(({ kind, event }) =>
    kind === 'rejection' ? [event] : [],
  );
  expect(rejections).toMatchObject([{ causationid: `cmd-boot-${vm}`, data: { code: 'vm-not-found' } }]);
});

test("a create beyond the capacity is declined, and a deleted VM's capacity is used again", async () => {
  const [first, second] = [newVmId(), newVmId()];
  await start();
  await send(first, 'create');
  await untilLast(first, 'created');
  await send(second, 'create');
  await allAcked();
  const declined = (await events('ironlog.evt.host.>')).flatMap(({ event }) => ('name' in event ? [event] : [])).at(-1);
  expect(declined).toMatchObject({
    name: 'declined',
    data: { vmId: second, reason: 'needs 1 processes, and 0 of 1 are free' },
  });
  expect(await names(second)).toEqual([]);
  await send(first, 'delete');
  await untilLast(first, 'deleted');
  await send(second, 'create', {}, 1);
  await untilLast(second, 'created');
});

test('released capacity is announced at once, before the next heartbeat is due', async () => {
  const vm = newVmId();
  await start();
  const bucket = await new Kvm(connection).open(HOSTS_BUCKET);
  const inUse = async () => heartbeatSchema.parse((await bucket.get(HOST))?.json()).used.processes;
  await send(vm, 'create');
  // A heartbeat was just sent: the next is due in three seconds.
  await vi.waitFor(async () => expect(await inUse()).toBe(1), BOUND);
  await send(vm, 'delete');
  await untilLast(vm, 'deleted');
  await vi.waitFor(async () => expect(await inUse()).toBe(0), { timeout: 1000 });
});

test('a delete with force aborts a hanging boot, and nothing of the VM is left', async () => {
  const vm = newVmId();
  await start();
  await send(vm, 'create', { spec: { kernelArgs: 'sim.hang=vm.boot' } });
  await untilLast(vm, 'created');
  await send(vm, 'boot');
  await untilLast(vm, 'boot-started');
  await send(vm, 'delete', { force: true });
  await untilLast(vm, 'deleted');
  expect(await names(vm)).toEqual(['claimed', 'created', 'boot-started', 'delete-started', 'deleted']);
  expect((await story(vm))[3]?.data).toMatchObject({ force: true, preempts: `cmd-boot-${vm}` });
  // Not `timeout`: the call did not end by itself.
  expect(await metrics.text()).toMatch(/call_duration_seconds_count\{.*call="boot",outcome="aborted".*\} 1\n/);
  expect(await processes()).toEqual([]);
  expect(existsSync(join(root, 's', TENANT, vm))).toBe(false);
});

test('a host that is still reconciling sends heartbeats as `starting`, and as `ready` at once when it is done', async () => {
  const vm = newVmId();
  const executor = await start();
  await send(vm, 'create', { start: true });
  await untilLast(vm, 'booted');
  await executor.stop();
  const pid = Number((await processes())[0]?.[0]);
  // It does not answer, and a start waits for its answer for a while.
  process.kill(pid, 'SIGSTOP');
  const bucket = await new Kvm(connection).open(HOSTS_BUCKET);
  const status = async (): Promise<unknown> => (await bucket.get(HOST))?.json<Heartbeat>().status;
  const started = start();
  await vi.waitFor(async () => expect(await status()).toBe('starting'), { timeout: 2500 });
  process.kill(pid, 'SIGCONT');
  await started;
  expect(await status()).toBe('ready');
});

test('without its durable consumer it is not ready until that is provisioned again; its appends are measured', async () => {
  const vm = newVmId();
  await start();
  await send(vm, 'create');
  await untilLast(vm, 'created');
  expect(await metrics.text()).toMatch(/log_append_duration_seconds_count\{[^}]*outcome="committed"[^}]*\} [1-9]/);
  const { stream, config } = executorConsumer(HOST);
  const ready = (is: boolean) => vi.waitFor(async () => expect((await health.report()).ready).toBe(is), BOUND);
  await ready(true);
  await connection.request(`$JS.API.CONSUMER.DELETE.${stream}.${config.durable_name}`);
  await ready(false);
  const body = JSON.stringify({ stream_name: stream, config });
  await connection.request(`$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${config.durable_name}`, body);
  await ready(true);
});

test('a restart leaves a running VM alone, and the next command reaches it', async () => {
  const vm = newVmId();
  const executor = await start();
  await send(vm, 'create', { start: true });
  await untilLast(vm, 'booted');
  const before = await processes();
  await executor.stop();
  expect(await processes()).toEqual(before);
  expect(await lastOfHost()).toBe('executor-stopped');
  await start();
  await send(vm, 'pause');
  await untilLast(vm, 'paused');
  expect(await names(vm)).toEqual([...BOOTED, 'pause-started', 'paused']);
  expect(await processes()).toEqual(before);
});
