// The four services as processes: for each its script and exactly its variables.
import { join } from 'node:path';
import type { HostId } from '@ironlog/schemas';
import { executorUser } from '../../nats/accounts.ts';
import type { NatsProcess } from '../../nats/nats-process.ts';
import { privateDirectory } from '../paths.ts';
import type { Managed } from '../processes/supervisor.ts';
import type { Given } from '../variables.ts';
import { compileCache } from './compile-cache.ts';

export interface Plane {
  readonly nats: Pick<NatsProcess, 'url' | 'monitorUrl' | 'credentials'>;
  readonly stateDir: string;
  readonly hosts: readonly HostId[];
  readonly httpPort: number;
  /** One for the projector, one for recovery, one per host. */
  readonly opsPorts: readonly number[];
  readonly tokensFile: string;
  /** The executors' hypervisor variables. */
  readonly hypervisor: Readonly<Record<string, string>>;
  /** The user's variables. */
  readonly given: Given;
}

export interface PlannedService extends Managed {
  /** The address of `/healthz`, `/readyz` and `/metrics`. */
  readonly opsUrl: string;
  readonly readyUrl: string;
}

/** Commands have priority over the read model: a rebuild, or three rows for each boot, must not take a core from them. */
const PROJECTOR_NICENESS = 5;

/** In a rebuild V8 collects late by default: 414 MB resident at most. With these it has 262 MB, and is as fast (decision 0011). */
export const PROJECTOR_NODE_OPTIONS: readonly string[] = ['--max-semi-space-size=8', '--heap-growing-percent=20'];

/** Passed on from the shell: where traces go, and what every process needs. */
const inherited = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && (/^OTEL_/.test(entry[0]) || ['PATH', 'HOME', 'TMPDIR'].includes(entry[0])),
    ),
  );

export const planServices = (plane: Plane): readonly PlannedService[] => {
  const { nats, stateDir, hosts, httpPort, opsPorts, tokensFile } = plane;
  const readModel = privateDirectory(join(stateDir, 'read-model'));
  const compiled = compileCache();
  const common = (user: string, port: number): Record<string, string> => ({
    ...inherited(),
    ...compiled,
    IRONLOG_NATS_URL: nats.url,
    IRONLOG_NATS_MONITOR_URL: nats.monitorUrl,
    IRONLOG_NATS_SERVER_NAME: nats.credentials.serverName,
    IRONLOG_NATS_USER: user,
    IRONLOG_NATS_PASSWORD: nats.credentials.passwordOf(user),
    IRONLOG_HTTP_PORT: String(port),
  });
  const service = (name: string, script: string, env: Record<string, string>): PlannedService => {
    const opsUrl = `http://127.0.0.1:${env.IRONLOG_HTTP_PORT}`;
    return {
      name,
      script: `services/${script}/src/main.ts`,
      env: { ...plane.given[script], ...env },
      opsUrl,
      readyUrl: `${opsUrl}/readyz`,
    };
  };
  const [projectorPort = 0, recoveryPort = 0, ...executorPorts] = opsPorts;
  return [
    {
      ...service('state-projector', 'state-projector', {
        ...common('projector', projectorPort),
        IRONLOG_STATE_DIR: readModel,
      }),
      niceness: PROJECTOR_NICENESS,
      nodeOptions: PROJECTOR_NODE_OPTIONS,
    },
    ...hosts.map((host, index) =>
      service(hosts.length === 1 ? 'vm-executor' : `vm-executor-${host}`, 'vm-executor', {
        ...common(executorUser(host), executorPorts[index] ?? 0),
        ...plane.hypervisor,
        IRONLOG_HOST_ID: host,
        IRONLOG_STATE_DIR: privateDirectory(join(stateDir, host)),
      }),
    ),
    service('recovery-worker', 'recovery-worker', {
      ...common('recovery', recoveryPort),
      IRONLOG_READ_MODEL_DIR: readModel,
    }),
    service('api-gateway', 'api-gateway', {
      ...common('gateway', httpPort),
      IRONLOG_READ_MODEL_DIR: readModel,
      IRONLOG_TOKENS_FILE: tokensFile,
    }),
  ];
};
