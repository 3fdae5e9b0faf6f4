// For tests: nats-server with the project's accounts, a host that appends VM histories to EVENTS, and projectors on demand.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evolve, initialVm, nextEvent, type Vm, verbOfIntent, workCommand } from '@ironlog/domain';
import { createEventLog, createWorkQueue, type EventLogOptions } from '@ironlog/event-log';
import { executorUser, findNatsServer, type NatsProcess, startNats } from '@ironlog/infra';
import { openReader, type Reader } from '@ironlog/read-model';
import {
  hostId,
  newCommandId,
  newEventId,
  type Request,
  tenantId,
  type Verb,
  type VmFact,
  type VmId,
  vmEventSubject,
  vmFilter,
  vmId,
  vmSpecSchema,
  type WorkCommand,
  workSubject,
} from '@ironlog/schemas';
import {
  createHealth,
  createLogger,
  createMetrics,
  createRuntime,
  createSelfStop,
  type Health,
  loadConfig,
  type Metrics,
  openNats,
  type Service,
} from '@ironlog/service-kit';
import { environmentSchema } from './env.ts';
import { create } from './service.ts';
import { openStreams, type ReadStreams } from './streams/log-streams.ts';

export const HOST = hostId('host-1');
export const TENANT = tenantId('acme');

export interface RunningProjector {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly service: Service;
}

export interface Plane {
  /** Of the read model. */
  readonly directory: string;
  /** Claims and creates the VM: two events. */
  makeVm(id: VmId): Promise<void>;
  /** A VM that is created, boots, crashes, boots again and is deleted, for every kind of row. */
  liveThrough(id: VmId): Promise<void>;
  /** Publishes a boot command for the VM on its host's work. */
  askForBoot(id: VmId): Promise<WorkCommand>;
  /** Stores an invalid command in WORK, as only a faulty gateway would. */
  stray(): Promise<void>;
  /** Stores an invalid entry on a VM's subject. */
  poison(id: VmId): Promise<void>;
  startProjector(): Promise<RunningProjector>;
  /** The streams as the projector reads them, without a projector. */
  readStreams: ReadStreams;
  /** Closed with the plane. */
  connectAs(user: string): Promise<EventLogOptions['connection']>;
  reader(): Reader;
  stop(): Promise<void>;
}

const silent = createLogger({ service: 'test', level: 'fatal' });

const configOf = (nats: NatsProcess, user: string, directory: string) =>
  loadConfig(environmentSchema, {
    IRONLOG_NATS_URL: nats.url,
    IRONLOG_NATS_USER: user,
    IRONLOG_NATS_PASSWORD: nats.credentials.passwordOf(user),
    IRONLOG_NATS_SERVER_NAME: nats.credentials.serverName,
    IRONLOG_NATS_MONITOR_URL: nats.monitorUrl,
    IRONLOG_HTTP_PORT: '0',
    IRONLOG_STATE_DIR: directory,
    IRONLOG_LOG_LEVEL: 'fatal',
  });

const request = (verb: Verb): Request => {
  const now = Date.now();
  const [requestedAt, startBy] = [new Date(now).toISOString(), new Date(now + 60_000).toISOString()];
  return { verb, door: 'http', requestedAt, startBy, bodyHash: 'a'.repeat(64) };
};

const creation = (): readonly VmFact[] => [
  {
    name: 'claimed',
    data: {
      request: request('create'),
      deadline: new Date(Date.now() + 60_000).toISOString(),
      host: HOST,
      hypervisor: 'simulator',
      spec: vmSpecSchema.parse({}),
      start: false,
    },
  },
  { name: 'created', data: { epoch: 0 } },
];

const lifecycle = (): readonly VmFact[] => {
  const begin = (verb: Verb) => ({ request: request(verb), deadline: new Date(Date.now() + 60_000).toISOString() });
  const boot = (epoch: number): readonly VmFact[] => [
    { name: 'boot-started', data: { ...begin('boot'), epoch } },
    { name: 'booted', data: { epoch } },
  ];
  return [
    ...creation(),
    ...boot(1),
    { name: 'crashed', data: { epoch: 1, reason: 'killed', detectedBy: 'child-exit', residue: [] } },
    ...boot(2),
    { name: 'delete-started', data: { ...begin('delete'), force: true } },
    { name: 'deleted', data: { epoch: 2 } },
  ];
};

const bootOf = (vmId: VmId): WorkCommand =>
  workCommand({
    writer: 'gateway',
    id: newCommandId(),
    tenant: TENANT,
    vmId,
    actor: 'tester',
    action: { verb: 'boot', params: {} },
    request: request('boot'),
  });

/** `directory` of an earlier plane: the read model of another log. */
export const startPlane = async (directory = mkdtempSync(join(tmpdir(), 'ironlog-projector-'))): Promise<Plane> => {
  const store = mkdtempSync(join(tmpdir(), 'ironlog-projector-nats-'));
  const nats = await startNats({ binary: await findNatsServer(), directory: store, hosts: [HOST], tenants: [TENANT] });
  const undo: (() => unknown)[] = [() => rmSync(store, { recursive: true, force: true }), () => nats.stop()];
  const connectAs = async (user: string) => {
    const runtime = createRuntime('test', { logger: silent });
    const config = configOf(nats, user, directory);
    const link = await openNats({ config, name: user, runtime, selfStop: createSelfStop() });
    undo.push(() => link.drain());
    return link.connection;
  };
  const executor = await connectAs(executorUser(HOST));
  const log = await createEventLog({ connection: executor });
  const work = await createWorkQueue({ connection: await connectAs('gateway') });

  const readStreams = await openStreams(await connectAs('projector'));

  const append = async (before: Vm, fact: VmFact): Promise<Vm> => {
    const { tenant, id } = before;
    const cause = newCommandId();
    const meta = { id: newEventId(), time: new Date().toISOString(), writer: HOST, actor: 'tester' };
    const causes = verbOfIntent(fact.name) === undefined ? {} : { causationid: cause, correlationid: cause };
    const event = nextEvent(before, fact, { ...meta, ...causes });
    const subject = vmEventSubject(tenant, id, HOST, fact.name);
    const stored = await log.append({ subject, event, filter: vmFilter(tenant, id), expected: before.sequence });
    if (stored.kind !== 'committed') throw new Error(`${fact.name} was not stored: ${stored.kind}`);
    const evolved = evolve(before, { ...stored, writer: HOST, event });
    if (evolved.kind === 'ignored') throw new Error(`${fact.name} is ignored: ${evolved.reason}`);
    return evolved.vm;
  };

  const appendAll = async (id: VmId, facts: readonly VmFact[]): Promise<void> => {
    let vm = initialVm(TENANT, id);
    for (const fact of facts) vm = await append(vm, fact);
  };

  return {
    directory,
    readStreams,
    connectAs,
    makeVm: (id) => appendAll(id, creation()),
    liveThrough: (id) => appendAll(id, lifecycle()),
    askForBoot: async (id) => {
      const command = bootOf(id);
      const { kind } = await work.publish(HOST, command);
      if (kind !== 'stored') throw new Error(`the command was not stored: ${kind}`);
      return command;
    },
    stray: async () => {
      const gateway = await connectAs('gateway');
      gateway.publish(workSubject(HOST, TENANT, vmId('vm-1'), 'boot'), 'no command');
      await gateway.flush();
    },
    poison: async (id) => {
      executor.publish(vmEventSubject(TENANT, id, HOST, 'booted'), 'no event');
      await executor.flush();
    },
    startProjector: async () => {
      const [health, metrics] = [createHealth(), createMetrics({ service: 'test' })];
      const service = create(configOf(nats, 'projector', directory), { logger: silent, health, metrics });
      undo.push(() => service.stop());
      await service.start();
      return { health, metrics, service };
    },
    reader: () => {
      const reader = openReader({ directory });
      undo.push(() => reader.close());
      return reader;
    },
    stop: async () => {
      for (let step = undo.pop(); step; step = undo.pop()) await step();
    },
  };
};
