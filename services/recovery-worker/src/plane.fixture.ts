// For tests: nats-server with the project's own accounts, a projector, one host that answers commands, and the worker.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Vm } from '@ironlog/domain';
import { createEventLog, createWorkQueue, type EventLog, executorConsumer, recoveryConsumer } from '@ironlog/event-log';
import { executorUser, findNatsServer, inboxPrefix, type NatsProcess, startNats } from '@ironlog/infra';
import {
  type Heartbeat,
  HOSTS_BUCKET,
  type HostFact,
  hostEventSubject,
  hostFilter,
  STREAMS,
  type WorkCommand,
  workCommandSchema,
} from '@ironlog/schemas';
import { createLogger, createMetrics, loadConfig, type Metrics } from '@ironlog/service-kit';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { environmentSchema, type RecoveryConfig } from './env.ts';
import { eventOfHost, HOST, type Host1, host1, TENANT } from './host-1.fixture.ts';
import { type TestReadModel, testReadModel } from './read-model.fixture.ts';
import { create, type RecoveryService } from './service.ts';
import { until } from './until.fixture.ts';

/** What the host does with a command: by default it decides it and has no effect. */
export type Answer = (command: WorkCommand, host: Host1) => Promise<unknown>;

export interface Plane {
  readonly nats: NatsProcess;
  readonly log: EventLog;
  readonly host: Host1;
  readonly model: TestReadModel;
  readonly metrics: Metrics;
  /** Every command that reached the host. */
  readonly commands: WorkCommand[];
  answer: Answer;
  connectAs(user: string): Promise<NatsConnection>;
  startWorker(overrides?: Partial<RecoveryConfig>): Promise<RecoveryService>;
  /** Appends an event of the host's own life. */
  sayOfHost(fact: HostFact): Promise<void>;
  /** Puts a heartbeat into the bucket. */
  beat(): Promise<void>;
  /** What a worker process of this plane is started with. */
  environment(): Record<string, string>;
  /** Until no failure is on recovery's work list. */
  untilNothingIsLeft(): Promise<void>;
  stop(): Promise<void>;
}

const NOTHING = { cpus: 0, memoryMiB: 0, processes: 0 };
const HEARTBEAT: Heartbeat = {
  host: HOST,
  incarnation: 'one',
  at: '2026-01-01T00:00:00.000Z',
  status: 'ready',
  hypervisors: ['simulator'],
  images: [],
  labels: {},
  capacity: NOTHING,
  used: NOTHING,
};

export const decideOnly: Answer = (command, host) => host.decide(command);

export const startPlane = async (): Promise<Plane> => {
  const directory = mkdtempSync(join(tmpdir(), 'ironlog-recovery-nats-'));
  const nats = await startNats({ binary: await findNatsServer(), directory, hosts: [HOST], tenants: [TENANT] });
  const connections: NatsConnection[] = [];
  const connectAs = async (user: string): Promise<NatsConnection> => {
    const pass = nats.credentials.passwordOf(user);
    const connection = await connect({ servers: nats.url, user, pass, inboxPrefix: inboxPrefix(user) });
    connections.push(connection);
    return connection;
  };
  const stopping = new AbortController();
  const { signal } = stopping;
  const executor = await connectAs(executorUser(HOST));
  const log = await createEventLog({ connection: executor });
  const host = host1(log);
  const projector = await connectAs('projector');
  const model = await testReadModel(await createEventLog({ connection: projector }));
  const work = await createEventLog({ connection: projector, stream: STREAMS.work });
  const metrics = createMetrics({ service: 'test' });
  const plane: Plane = {
    nats,
    log,
    host,
    model,
    metrics,
    commands: [],
    answer: decideOnly,
    connectAs,
    startWorker: async (overrides = {}) => {
      const worker = create(
        { ...configOf(nats, model.directory), ...overrides },
        { metrics, logger: createLogger({ service: 'recovery-worker', level: 'fatal' }) },
      );
      await worker.start();
      return worker;
    },
    sayOfHost: async (fact) => {
      const known = await log.readSince(hostFilter(HOST), 0);
      const event = eventOfHost(fact);
      const subject = hostEventSubject(HOST, HOST, fact.name);
      await log.append({ subject, event, filter: hostFilter(HOST), expected: known.at(-1)?.sequence ?? 0 });
    },
    beat: async () => {
      const bucket = await new Kvm(executor).open(HOSTS_BUCKET, { bindOnly: true });
      await bucket.put(HOST, JSON.stringify(HEARTBEAT));
    },
    environment: () => environmentOf(nats, model.directory),
    untilNothingIsLeft: async () => {
      const { stream, config } = recoveryConsumer;
      const failures = await jetstream(await connectAs('recovery')).consumers.get(stream, config.durable_name);
      await until(
        'no failure is on the work list',
        async () => {
          const { num_ack_pending, num_pending } = await failures.info();
          return num_ack_pending + num_pending === 0;
          // What was in hand when a worker stopped comes back after the ack wait.
        },
        40_000,
      );
    },
    stop: async () => {
      stopping.abort();
      await running;
      for (const connection of connections) await connection.close();
      await nats.stop();
      model.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  const tails = [
    log.tail({ after: 0, signal, onBatch: () => model.catchUp() }),
    work.tail({ after: 0, signal, onBatch: (batch) => model.addWork(batch) }),
  ];
  const { stream, config } = executorConsumer(HOST);
  const errors: unknown[] = [];
  const consuming = (await createWorkQueue({ connection: executor })).consume({
    stream,
    durable: config.durable_name,
    maxInFlight: 1,
    signal,
    onError: (error) => errors.push(error),
    onDelivery: async (delivery) => {
      const command = workCommandSchema.parse(JSON.parse(new TextDecoder().decode(delivery.bytes)));
      plane.commands.push(command);
      await plane.answer(command, host);
      await delivery.ack();
    },
  });
  const running = Promise.all([...tails, consuming]).then(() => {
    if (errors.length > 0) throw errors[0];
  });
  return plane;
};

const environmentOf = (nats: NatsProcess, readModel: string): Record<string, string> => ({
  IRONLOG_NATS_URL: nats.url,
  IRONLOG_NATS_USER: 'recovery',
  IRONLOG_NATS_PASSWORD: nats.credentials.passwordOf('recovery'),
  IRONLOG_NATS_SERVER_NAME: nats.credentials.serverName,
  IRONLOG_NATS_MONITOR_URL: nats.monitorUrl,
  IRONLOG_HTTP_PORT: '0',
  IRONLOG_READ_MODEL_DIR: readModel,
  IRONLOG_LOG_LEVEL: 'fatal',
});

const configOf = (nats: NatsProcess, readModel: string): RecoveryConfig =>
  loadConfig(environmentSchema, { ...environmentOf(nats, readModel), IRONLOG_SCAN_SECONDS: '1' });

/** Waits until the VM is as wanted. */
export const untilVm = (
  plane: Plane,
  ref: { tenant: Vm['tenant']; vmId: Vm['id'] },
  what: string,
  is: (vm: Vm) => boolean,
) =>
  until(`the VM ${what}`, async () => {
    const vm = await plane.host.vm(ref);
    return is(vm) ? vm : undefined;
  });
