/** Real nats-servers for the tests in this folder: each in its own directory, stopped by its pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The nats-server found by the tests' setup. @throws Error when they were started without it. */
const natsBinary = (): string => {
  const { IRONLOG_NATS_SERVER: path } = process.env;
  if (path) return path;
  throw new Error('IRONLOG_NATS_SERVER is not set: run these tests with npm test, or with vitest in the root folder');
};

/** A TCP port that was free just now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

/** The settings of a test server. */
export interface ServerOptions {
  readonly name: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly sync?: string;
  readonly jetstream?: boolean;
}

/** A running nats-server with user `gw`, password `pw`. */
export interface TestServer {
  kill(signal?: NodeJS.Signals): Promise<void>;
  readonly url: string;
  readonly monitorUrl: string;
}

const ready = async (child: ChildProcess): Promise<void> => {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('Server is ready')) resolve();
    });
    child.once('exit', () => reject(new Error(`nats-server ended: ${log}`)));
  });
};

/** Starts a server with an empty store, and waits until it is ready. */
export const startNatsServer = async (options: ServerOptions): Promise<TestServer> => {
  const { name, port, monitorPort, sync = 'always', jetstream = true } = options;
  const directory = mkdtempSync(join(tmpdir(), 'ironlog-nats-'));
  const config = join(directory, 'nats.conf');
  const store = `jetstream { store_dir: "${directory}", sync_interval: ${sync} }\n`;
  writeFileSync(
    config,
    `server_name: ${name}\nlisten: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${monitorPort}"\n` +
      `authorization { users: [{ user: gw, password: pw }] }\n${jetstream ? store : ''}`,
  );
  const child = spawn(natsBinary(), ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await ready(child);
  return {
    url: `nats://127.0.0.1:${port}`,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    kill: async (signal = 'SIGKILL') => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
