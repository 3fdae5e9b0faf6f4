// Starts a program that outlives us: a session of its own, none of our descriptors, its output in a file of its owner's.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { type CallOutcome, done, failure } from '../outcome.ts';
import type { Exit, Spawned } from '../port.ts';
import { identify } from './identity.ts';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly logFile: string;
}

/** The environment is empty but for PATH: nothing of the service's (credentials among it) is inherited. */
export const spawnDetached = ({ file, args, directory, logFile }: Program): Promise<CallOutcome<Spawned>> =>
  new Promise((resolve) => {
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(file, args, {
      cwd: directory,
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: '/usr/bin:/bin' },
    });
    closeSync(log);
    const exited = new Promise<Exit>((ended) => child.once('exit', (exitCode, signal) => ended({ exitCode, signal })));
    child.once('error', (error) => resolve(failure('spawn-failed', `${file}: ${error.message}`)));
    child.once('spawn', () => {
      child.unref();
      const identity = child.pid === undefined ? undefined : identify(child.pid);
      resolve(identity ? done({ identity, exited }) : failure('spawn-failed', `${file} ended at once; see ${logFile}`));
    });
  });
