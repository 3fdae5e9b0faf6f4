// The plane on this machine: nats-server and the services as supervised processes; for `npm start`, tests and the bench.
import { join } from 'node:path';
import { type FoundProcess, sameProcess } from '@ironlog/hypervisor';
import type { HostId, HypervisorKind, TenantId } from '@ironlog/schemas';
import { clientUser } from '../../nats/accounts.ts';
import { type SupervisedNats, superviseNats } from '../../nats/supervised-nats.ts';
import { privateDirectory } from '../paths.ts';
import { findHypervisorProcesses } from '../processes/hypervisor-processes.ts';
import { rotateLogs } from '../processes/log-rotation.ts';
import { endOrphans } from '../processes/orphans.ts';
import { Supervisor } from '../processes/supervisor.ts';
import { hypervisorEnvironment } from '../setup/hypervisor.ts';
import { findNatsServer } from '../setup/nats-server.ts';
import { hostNames, missingHosts } from '../state/host-directories.ts';
import { lockStateDirectory } from '../state/lock.ts';
import { refuseNestedDirectories } from '../state/nested-directories.ts';
import { openStateDirectory, realPathOf } from '../state/state-directory.ts';
import type { Given } from '../variables.ts';
import { choosePort } from './ports.ts';
import { whenAllReady } from './readiness.ts';
import { type PlannedService, planServices } from './services.ts';
import { stopPlane } from './stop-plane.ts';
import { DEV_TENANT, ensureDevToken } from './tokens.ts';

export interface PlaneOptions {
  readonly stateDir: string;
  /** Not empty; the first runs VMs that ask for none. */
  readonly hypervisors: readonly HypervisorKind[];
  /** The number of executors, each with its own host. */
  readonly hosts: number;
  /** Wanted ports; 0: any. */
  readonly httpPort: number;
  readonly natsPort: number;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
  /** Aborted: the stop waits for nothing and ends processes at once. */
  readonly force?: AbortSignal;
  /** The user's variables, by service. */
  readonly given?: Given;
  /** Added to the environment of a service, by its name. */
  readonly extra?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Plane {
  readonly http: string;
  readonly token: string;
  readonly tenant: TenantId;
  readonly hosts: readonly HostId[];
  readonly nats: SupervisedNats;
  readonly natsUser: string;
  readonly services: readonly PlannedService[];
  readonly supervisor: Supervisor;
  readonly stateDir: string;
  ready(): Promise<void>;
  /** Ends everything it started; with `keepVms` the hypervisor processes run on. */
  stop(options: { readonly keepVms: boolean }): Promise<void>;
}

/**
 * Resolves when every service is ready. @throws Error that names what is missing or did not start; nothing that it started is
 * left running then.
 */
export const startPlane = async (options: PlaneOptions): Promise<Plane> => {
  const { print, signal, force } = options;
  // Checked before the directory is made: nothing may appear in another plane's.
  await refuseNestedDirectories(realPathOf(options.stateDir));
  const stateDir = openStateDirectory(options.stateDir);
  const unlock = await lockStateDirectory(stateDir);
  const hosts = hostNames(options.hosts);
  const hostDirectories = hosts.map((host) => join(stateDir, host));
  const earlier = await findHypervisorProcesses(hostDirectories);
  const supervisor = new Supervisor(privateDirectory(join(stateDir, 'logs')), print);
  let nats: SupervisedNats | undefined;
  const ending = new AbortController();
  const end = async (isKept: (guest: FoundProcess) => boolean): Promise<void> => {
    ending.abort();
    await stopPlane({ supervisor, hostDirectories, nats, unlock, print, force }, isKept);
  };
  try {
    await endOrphans(stateDir, print);
    const hypervisor = await hypervisorEnvironment({ hypervisors: options.hypervisors, stateDir, signal });
    signal.throwIfAborted();
    const binary = await findNatsServer();
    nats = await superviseNats(
      { binary, directory: join(stateDir, 'nats'), hosts, tenants: [DEV_TENANT], port: options.natsPort },
      print,
    );
    if (nats.instead !== undefined) print(`${nats.instead}; NATS is at ${nats.url}`);
    const http = await choosePort(options.httpPort);
    if (http.instead !== undefined) print(`${http.instead}; HTTP is at port ${http.port}`);
    const missing = missingHosts(stateDir, hosts.length);
    if (missing !== undefined) print(missing);
    const opsPorts = await Promise.all(
      Array.from({ length: 2 + hosts.length }, async () => (await choosePort(0)).port),
    );
    const { token, tokensFile } = ensureDevToken(stateDir);
    const planned = planServices({
      nats,
      stateDir,
      hosts,
      httpPort: http.port,
      opsPorts,
      tokensFile,
      hypervisor,
      given: options.given ?? {},
    });
    const services = planned.map((service) => ({
      ...service,
      env: { ...service.env, ...options.extra?.[service.name] },
    }));
    for (const service of services) supervisor.start(service);
    const logs = services.map(({ name }) => supervisor.logOf(name));
    void rotateLogs([...logs, nats.log], print, ending.signal);
    const urls = services.map(({ readyUrl }) => readyUrl);
    const ready = (): Promise<void> => whenAllReady(urls, supervisor.failed, signal);
    await ready();
    return {
      http: `http://127.0.0.1:${http.port}`,
      token,
      tenant: DEV_TENANT,
      hosts,
      nats,
      natsUser: clientUser(DEV_TENANT).user,
      services,
      supervisor,
      stateDir,
      ready,
      stop: ({ keepVms }) => end(() => keepVms),
    };
  } catch (error) {
    // VMs that an earlier start left running do not belong to this failed one.
    await end(({ identity }) => earlier.some((guest) => sameProcess(guest.identity, identity)));
    throw error;
  }
};
