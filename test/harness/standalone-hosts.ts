// Hosts without the rest of a plane: executors in this process on a real nats-server, commands published on WORK as by
// the gateway, and the checker per host. Each host has its own tenant, so that many share one log.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evolve, initialVm, nextEvent, type Vm } from '@ironlog/domain';
import { createEventLog, createWorkQueue, type EventLog, type Recorded } from '@ironlog/event-log';
import { findUnder, killProcess } from '@ironlog/hypervisor';
import { executorUser, findNatsServer, inboxPrefix, startNats } from '@ironlog/infra';
import {
  type Action,
  type CommandId,
  type HostId,
  hostId,
  newCommandId,
  newEventId,
  type TenantId,
  tenantId,
  type Verb,
  type VmFact,
  type VmId,
  verbParams,
  vmEventSubject,
  vmFilter,
  vmId,
  type WorkCommand,
} from '@ironlog/schemas';
import { createLogger, loadConfig, type Service } from '@ironlog/service-kit';
import { create, environmentSchema, type Overrides } from '@ironlog/vm-executor';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { check } from './invariants.ts';
import { until } from './until.ts';

export interface Asked {
  readonly params?: object;
  /** Default: a new one. */
  readonly id?: CommandId;
  /** Distinguishes copies of one command on WORK. */
  readonly round?: number;
}

/** One host and the one VM that it has. */
export interface StandaloneHost {
  readonly vm: VmId;
  /** Its directory. */
  readonly path: string;
  /** Starts an executor for it, which ends with the hosts at the latest. */
  start(collaborators?: Overrides['collaborators']): Promise<Service>;
  /** Publishes a command for its VM on WORK; from then on it is accepted. */
  send(verb: Verb, asked?: Asked): Promise<CommandId>;
  /** Appends to the VM's log as recovery. */
  appendAsRecovery(fact: VmFact): Promise<void>;
  until(what: string, is: (vm: Vm) => boolean): Promise<Vm>;
  /** The checker's current problems. */
  problems(): Promise<readonly string[]>;
}

export interface StandaloneHosts {
  readonly next: () => StandaloneHost;
  stop(): Promise<void>;
}

interface Parts {
  readonly id: HostId;
  readonly tenant: TenantId;
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly gateway: NatsConnection;
  readonly recovery: EventLog;
  readonly reader: EventLog;
  readonly services: Service[];
}

const VM = vmId('vm-1');
const commandOf = (
  tenant: TenantId,
  verb: Verb,
  { params = {}, id = newCommandId(), round = 0 }: Asked,
): WorkCommand => {
  const now = new Date();
  const requestedAt = now.toISOString();
  return {
    specversion: '1.0',
    id,
    source: '/api-gateway',
    type: `ironlog.vm.${verb}.v1`,
    subject: VM,
    time: requestedAt,
    datacontenttype: 'application/json',
    actor: 'test',
    tenant,
    correlationid: id,
    data: {
      action: { verb, params: verbParams[verb].parse(params) } as Action,
      request: {
        verb,
        door: 'http',
        requestedAt,
        startBy: new Date(now.getTime() + 600_000).toISOString(),
        bodyHash: 'a'.repeat(64),
      },
      round,
    },
  };
};

const fold = (vm: Vm, { read, sequence, hash }: Recorded): Vm =>
  read.ok && read.stored.kind === 'vm'
    ? evolve(vm, { sequence, hash, writer: read.stored.writer, event: read.stored.event }).vm
    : vm;

const standaloneHost = (parts: Parts): StandaloneHost => {
  const { id: host, tenant, path, environment, gateway, recovery, reader, services } = parts;
  const accepted = new Set<CommandId>();
  const filter = vmFilter(tenant, VM);
  const load = async (): Promise<Vm> => (await reader.readSince(filter, 0)).reduce(fold, initialVm(tenant, VM));
  return {
    vm: VM,
    path,
    start: async (collaborators) => {
      const logger = createLogger({ service: 'vm-executor', level: 'fatal' });
      const config = loadConfig(environmentSchema, environment);
      const service = create(config, { logger, ...(collaborators && { collaborators }) });
      services.push(service);
      await service.start();
      return service;
    },
    send: async (verb, asked = {}) => {
      const command = commandOf(tenant, verb, asked);
      const published = await (await createWorkQueue({ connection: gateway })).publish(host, command);
      if (published.kind !== 'stored' || published.duplicate) throw new Error(`${verb} is not on WORK anew`);
      accepted.add(command.id);
      return command.id;
    },
    appendAsRecovery: async (fact) => {
      const vm = await load();
      const meta = { id: newEventId(), time: new Date().toISOString(), writer: 'recovery', actor: 'recovery' } as const;
      const subject = vmEventSubject(tenant, VM, 'recovery', fact.name);
      const event = nextEvent(vm, fact, meta);
      const appended = await recovery.append({ subject, event, filter, expected: vm.sequence });
      if (appended.kind !== 'committed') throw new Error(`${fact.name} was not stored: ${appended.kind}`);
    },
    until: (what, is) =>
      until(`${tenant}/${VM} ${what}`, async () => {
        const vm = await load();
        return is(vm) ? vm : undefined;
      }),
    problems: async () => {
      const { lastSequence } = await reader.info();
      const entries: Recorded[] = [];
      for await (const entry of reader.replay({ after: 0, until: lastSequence }))
        if (entry.read.ok && 'tenant' in entry.read.stored.event && entry.read.stored.event.tenant === tenant)
          entries.push(entry);
      return (await check({ entries, accepted: [...accepted], hostDirectories: [path] })).problems;
    },
  };
};

/** At most as many hosts as `count`. */
export const startStandaloneHosts = async (count: number): Promise<StandaloneHosts> => {
  const root = mkdtempSync(join(tmpdir(), 'il-'));
  const ids = Array.from({ length: count }, (_, index) => hostId(`host-${index + 1}`));
  const directory = join(root, 'nats');
  const nats = await startNats({ binary: await findNatsServer(), directory, hosts: ids, tenants: [] });
  const connections: NatsConnection[] = [];
  const services: Service[] = [];
  const connectAs = async (user: string): Promise<NatsConnection> => {
    const pass = nats.credentials.passwordOf(user);
    const connection = await connect({ servers: nats.url, user, pass, inboxPrefix: inboxPrefix(user) });
    connections.push(connection);
    return connection;
  };
  const gateway = await connectAs('gateway');
  const recovery = await createEventLog({ connection: await connectAs('recovery') });
  const reader = await createEventLog({ connection: await connectAs('projector') });
  const left = ids.values();
  return {
    next: () => {
      const { value: id } = left.next();
      if (id === undefined) throw new Error(`only ${count} hosts were configured`);
      const path = join(root, id);
      mkdirSync(path, { mode: 0o700 });
      const user = executorUser(id);
      const environment = {
        IRONLOG_NATS_URL: nats.url,
        IRONLOG_NATS_MONITOR_URL: nats.monitorUrl,
        IRONLOG_NATS_SERVER_NAME: nats.credentials.serverName,
        IRONLOG_NATS_USER: user,
        IRONLOG_NATS_PASSWORD: nats.credentials.passwordOf(user),
        IRONLOG_HTTP_PORT: '0',
        IRONLOG_STATE_DIR: path,
        IRONLOG_HOST_ID: id,
        IRONLOG_HEALTH_CHECK_SECONDS: '0',
      };
      return standaloneHost({
        id,
        tenant: tenantId(`tenant-of-${id}`),
        path,
        environment,
        gateway,
        recovery,
        reader,
        services,
      });
    },
    stop: async () => {
      for (const service of services) await service.stop();
      for (const { identity } of await findUnder(root)) await killProcess(identity, { graceMs: 0 });
      for (const connection of connections) await connection.close();
      await nats.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
};
