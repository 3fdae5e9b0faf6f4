// A nats-server of our own: configured, started, known by its name before anything talks to it, and provisioned.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { HostId, TenantId } from '@ironlog/schemas';
import { connect } from '@nats-io/transport-node';
import { privateDirectory } from '../dev/paths.ts';
import { choosePort } from '../dev/ports.ts';
import { inboxPrefix } from './accounts.ts';
import { writeNatsConfig } from './config-file.ts';
import { type NatsCredentials, openCredentials } from './credentials.ts';
import { provision } from './provision.ts';

const READY_WITHIN_MS = 15_000;

export interface NatsOptions {
  readonly binary: string;
  readonly directory: string;
  readonly hosts: readonly HostId[];
  readonly tenants: readonly TenantId[];
  /** Wanted ports; 0 (the default): any. */
  readonly port?: number;
  readonly monitorPort?: number;
}

export interface NatsProcess {
  readonly url: string;
  readonly monitorUrl: string;
  readonly credentials: NatsCredentials;
  /** The wanted port that was taken, if one was. */
  readonly taken: number | undefined;
  readonly child: ChildProcess;
  /** Ends it and waits until it has ended. */
  stop(): Promise<void>;
}

/** Resolves when a server of our name lets us in at `url`. @throws Error when none does in time, or `gone` says why. */
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

/** Starts, waits and provisions. @throws Error with where its log is when it does not come up. */
export const startNats = async (options: NatsOptions): Promise<NatsProcess> => {
  const directory = privateDirectory(options.directory);
  const credentials = openCredentials(directory);
  const client = await choosePort(options.port ?? 0);
  const monitor = await choosePort(options.monitorPort ?? 0);
  const config = writeNatsConfig({
    directory,
    credentials,
    port: client.port,
    monitorPort: monitor.port,
    hosts: options.hosts,
    tenants: options.tenants,
  });
  const logFile = join(directory, 'nats-server.log');
  const log = openSync(logFile, 'a', 0o600);
  // A session of its own: Ctrl-C reaches the supervisor only, which stops the services before their server.
  const child = spawn(options.binary, ['-c', config], { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  let ended: string | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = `nats-server ended (${signal ?? code}); its log: ${logFile}`;
      resolve();
    });
    child.once('error', (error) => {
      ended = `${options.binary} does not start: ${error.message}`;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    if (ended === undefined) child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(timer);
  };
  const url = `nats://127.0.0.1:${client.port}`;
  try {
    await waitUntilOurs(url, credentials, () => ended);
    await provision({ url, password: credentials.passwordOf('provisioner'), hosts: options.hosts });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, monitorUrl: `http://127.0.0.1:${monitor.port}`, credentials, taken: client.taken, child, stop };
};
