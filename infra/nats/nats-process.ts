// A nats-server of a plane or test: configured, started, identified by its name before any use, and provisioned.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { HostId, TenantId } from '@ironlog/schemas';
import { connect } from '@nats-io/transport-node';
import { privateDirectory } from '../dev/paths.ts';
import { choosePort } from '../dev/plane/ports.ts';
import { inboxPrefix } from './accounts.ts';
import { writeNatsConfig } from './config-file.ts';
import { type NatsCredentials, openCredentials } from './credentials.ts';
import { provision } from './provision.ts';

const READY_WITHIN_MS = 15_000;
const STOP_WITHIN_MS = 10_000;
/** A healthy one needs less, and an orderly end shortens the next start's recovery. */
const HURRIED_STOP_WITHIN_MS = 2000;

export interface NatsOptions {
  readonly binary: string;
  readonly directory: string;
  readonly hosts: readonly HostId[];
  readonly tenants: readonly TenantId[];
  /** Requested ports; 0 (the default): any. */
  readonly port?: number;
  readonly monitorPort?: number;
  /** Called with one line per stream setting that provisioning has changed. */
  readonly print?: (line: string) => void;
}

/** A nats-server that is configured and not started yet. */
export interface NatsServer {
  readonly url: string;
  readonly monitorUrl: string;
  /** The server's log file. */
  readonly log: string;
  readonly credentials: NatsCredentials;
  /** Why the requested port is not used, if it is not. */
  readonly instead: string | undefined;
  /**
   * Starts it on its ports, waits until it is verified as ours, and provisions it. It can be launched again after its
   * end.
   * @throws Error with its log's path when it does not start; nothing of it runs then.
   */
  launch(): Promise<ChildProcess>;
}

export interface NatsProcess extends Omit<NatsServer, 'launch'> {
  readonly child: ChildProcess;
  /** Ends it and waits for its end; `force` aborted: by SIGKILL. */
  stop(force?: AbortSignal): Promise<void>;
}

/**
 * Resolves when a server of our name accepts the connection at `url`. @throws Error on a timeout, or when `gone` has a
 * reason.
 */
const waitUntilOurs = async (
  url: string,
  credentials: NatsCredentials,
  gone: () => string | undefined,
): Promise<void> => {
  const deadline = performance.now() + READY_WITHIN_MS;
  let last = 'no answer';
  while (performance.now() < deadline) {
    const end = gone();
    if (end) throw new Error(end);
    try {
      const user = 'provisioner';
      const connection = await connect({
        servers: url,
        user,
        pass: credentials.passwordOf(user),
        inboxPrefix: inboxPrefix(user),
        reconnect: false,
        timeout: 1000,
      });
      const name = connection.info?.server_name;
      await connection.close();
      if (name === credentials.serverName) return;
      last = `a server called ${name ?? '(nothing)'} answers there, not ours`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`nats-server at ${url} is not ready after ${READY_WITHIN_MS} ms: ${last}`);
};

/** Ends it and waits for its end: first SIGTERM, then SIGKILL. `force` shortens the wait, or ends it when aborted meanwhile. */
export const stopChild = async (child: ChildProcess, force?: AbortSignal): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const kill = (): void => void child.kill('SIGKILL');
  child.kill('SIGTERM');
  const timer = setTimeout(kill, force?.aborted ? HURRIED_STOP_WITHIN_MS : STOP_WITHIN_MS);
  force?.addEventListener('abort', kill, { once: true });
  await exited;
  clearTimeout(timer);
  force?.removeEventListener('abort', kill);
};

/** Chooses the ports and writes the configuration. */
export const prepareNats = async (options: NatsOptions): Promise<NatsServer> => {
  const { binary, hosts, tenants } = options;
  const directory = privateDirectory(options.directory);
  const credentials = openCredentials(directory);
  const client = await choosePort(options.port ?? 0);
  const monitor = await choosePort(options.monitorPort ?? 0);
  const ports = { port: client.port, monitorPort: monitor.port };
  const config = writeNatsConfig({ directory, credentials, ...ports, hosts, tenants });
  const url = `nats://127.0.0.1:${client.port}`;
  const logFile = join(directory, 'nats-server.log');
  const launch = async (): Promise<ChildProcess> => {
    const log = openSync(logFile, 'a', 0o600);
    // In its own session: Ctrl-C reaches only the supervisor, which stops the services before their server.
    const child = spawn(binary, ['-c', config], { stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    let ended: string | undefined;
    child.once('exit', (code, signal) => {
      ended = `nats-server ended (${signal ?? code}); its log: ${logFile}`;
    });
    child.once('error', (error) => {
      ended = `${binary} does not start: ${error.message}`;
    });
    try {
      await waitUntilOurs(url, credentials, () => ended);
      const changes = await provision({ url, password: credentials.passwordOf('provisioner'), hosts });
      for (const change of changes) options.print?.(change);
      return child;
    } catch (error) {
      await stopChild(child);
      throw error;
    }
  };
  return {
    url,
    monitorUrl: `http://127.0.0.1:${monitor.port}`,
    log: logFile,
    credentials,
    instead: client.instead,
    launch,
  };
};

/** Prepares and launches. @throws Error with its log's path when it does not start. */
export const startNats = async (options: NatsOptions): Promise<NatsProcess> => {
  const { launch, ...server } = await prepareNats(options);
  const child = await launch();
  return { ...server, child, stop: (force) => stopChild(child, force) };
};
