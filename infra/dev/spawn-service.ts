// Starts a service as a child process: secrets in its environment only, its output in a log of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE_DIR, privateDirectory, ROOT } from './paths.ts';
import { choosePort } from './ports.ts';
import type { ServiceProcess } from './service-table.ts';

export interface SpawnedService {
  readonly child: ChildProcess;
  /** Where it serves /readyz once it is up. */
  readonly url: string;
}

export const logFileOf = (stateDir: string, name: string): string => join(stateDir, 'logs', `${name}.log`);

/** What a child inherits: the person's environment without our variables (each service refuses those of others) and npm's. */
const inherited = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(IRONLOG_|npm_|INIT_CWD$)/.test(name)));

/** Resolves when it has a pid. @throws Error when it cannot be started. */
export const spawnService = async (service: ServiceProcess, stateDir: string): Promise<SpawnedService> => {
  const port = service.port ?? (await choosePort(0)).port;
  privateDirectory(join(stateDir, 'logs'));
  const log = openSync(logFileOf(stateDir, service.name), 'a', 0o600);
  try {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', service.main], {
      cwd: ROOT,
      // A session of its own: Ctrl-C reaches the supervisor only, which stops everything in order.
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        ...inherited(),
        ...service.environment,
        IRONLOG_HTTP_HOST: '127.0.0.1',
        IRONLOG_HTTP_PORT: String(port),
        // Stripped types and compiled code are kept, so that a second start is quick.
        NODE_COMPILE_CACHE: privateDirectory(join(CACHE_DIR, 'compile')),
      },
    });
    await once(child, 'spawn');
    return { child, url: `http://127.0.0.1:${port}` };
  } finally {
    closeSync(log);
  }
};
