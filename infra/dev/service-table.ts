// The processes of a development plane: which program each service is, and the environment it gets. Nothing is in argv.
import { join } from 'node:path';
import type { HostId } from '@ironlog/schemas';
import { executorUser } from '../nats/accounts.ts';
import type { NatsServer } from '../nats/nats-process.ts';
import { ROOT } from './paths.ts';

export interface ServiceProcess {
  /** Unique among the processes, the name of its log. */
  readonly name: string;
  /** Absolute path of its main.ts. */
  readonly main: string;
  /** Its own variables; a service refuses to start on one that it does not know. */
  readonly environment: Readonly<Record<string, string>>;
  /** The API's; undefined: any free one, chosen at each start. */
  readonly port?: number;
}

export interface Plane {
  readonly stateDir: string;
  readonly hosts: readonly HostId[];
  readonly httpPort: number;
  readonly tokensFile: string;
  readonly nats: Pick<NatsServer, 'url' | 'monitorUrl' | 'credentials'>;
  /** IRONLOG_HYPERVISOR and what goes with it. */
  readonly hypervisor: Readonly<Record<string, string>>;
  /** The variables of the person who starts it. */
  readonly given: Readonly<Record<string, string | undefined>>;
}

/** What a person may set for the services beside what the supervisor decides. */
const EVERY_SERVICE = ['IRONLOG_LOG_LEVEL', 'IRONLOG_ALLOW_UNSAFE_SYNC'];
const GATEWAY = ['IRONLOG_MAX_WAITING_CREATES', 'IRONLOG_REQUESTS_PER_SECOND'];
const EXECUTOR = ['IRONLOG_HOST_CPUS', 'IRONLOG_HOST_MEMORY_MIB', 'IRONLOG_HOST_PROCESSES', 'IRONLOG_QEMU_ACCEL'];
/** What the set-up itself reads. */
const SET_UP = ['IRONLOG_NATS_SERVER', 'IRONLOG_QEMU', 'IRONLOG_KERNEL', 'IRONLOG_INITRD', 'IRONLOG_DEV_FILE'];

/** Variables that nothing here reads: a typo must not become a default. */
export const unknownVariables = (given: Plane['given']): readonly string[] => {
  const known = new Set([...EVERY_SERVICE, ...GATEWAY, ...EXECUTOR, ...SET_UP]);
  return Object.keys(given).filter((name) => name.startsWith('IRONLOG_') && !known.has(name));
};

const pick = (given: Plane['given'], names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (given[name] ? [[name, given[name]]] : [])));

export const readModelDirectory = (stateDir: string): string => join(stateDir, 'projector');
export const hostDirectory = (stateDir: string, host: HostId): string => join(stateDir, host);

/** All of them, the API's first. */
export const serviceProcesses = (plane: Plane): readonly ServiceProcess[] => {
  const { stateDir, hosts, nats, given } = plane;
  const shared = (user: string): Record<string, string> => ({
    ...pick(given, EVERY_SERVICE),
    IRONLOG_NATS_URL: nats.url,
    IRONLOG_NATS_MONITOR_URL: nats.monitorUrl,
    IRONLOG_NATS_SERVER_NAME: nats.credentials.serverName,
    IRONLOG_NATS_USER: user,
    IRONLOG_NATS_PASSWORD: nats.credentials.passwordOf(user),
  });
  const readModel = { IRONLOG_READ_MODEL_DIR: readModelDirectory(stateDir) };
  const main = (service: string): string => join(ROOT, 'services', service, 'src/main.ts');
  return [
    {
      name: 'api-gateway',
      main: main('api-gateway'),
      port: plane.httpPort,
      environment: {
        ...shared('gateway'),
        ...readModel,
        ...pick(given, GATEWAY),
        IRONLOG_TOKENS_FILE: plane.tokensFile,
      },
    },
    {
      name: 'state-projector',
      main: main('state-projector'),
      environment: { ...shared('projector'), ...readModel },
    },
    {
      name: 'recovery-worker',
      main: main('recovery-worker'),
      environment: { ...shared('recovery'), ...readModel },
    },
    ...hosts.map((host) => ({
      name: `vm-executor-${host}`,
      main: main('vm-executor'),
      environment: {
        ...shared(executorUser(host)),
        ...pick(given, EXECUTOR),
        ...plane.hypervisor,
        IRONLOG_HOST_ID: host,
        IRONLOG_STATE_DIR: hostDirectory(stateDir, host),
      },
    })),
  ];
};
