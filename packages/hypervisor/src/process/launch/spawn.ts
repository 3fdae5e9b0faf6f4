// Starts a hypervisor process that outlives its parent: a new session, no inherited descriptors, its output in a file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { type Outcome, refusal } from '../../outcome.ts';
import { describeExit, type ProcessExit } from '../exit/exit-status.ts';
import { identify, type ProcessIdentity } from '../table/identity.ts';
import { hostError } from './host-error.ts';

export interface SpawnedProcess {
  readonly identity: ProcessIdentity;
  /** Resolves, and never rejects, when the child exited. */
  readonly exited: Promise<ProcessExit>;
}

export type SpawnOutcome = Outcome<{ readonly process: SpawnedProcess }>;

export interface ProgramSpec {
  /** Absolute path or a name on PATH. */
  readonly program: string;
  readonly argv: readonly string[];
  /** Absolute path: working directory of the process. */
  readonly directory: string;
  /** Creates the files that it expects. */
  readonly prepare: () => Promise<void>;
  /** Its stderr is appended here, and its stdout too without `consolePath`; mode 0600. */
  readonly logPath: string;
  /**
   * Its stdout is appended here, mode 0600: for a hypervisor that would truncate a console file, and for a guest that was
   * restored elsewhere, whose configuration names the original VM's file.
   */
  readonly consolePath?: string;
  /** The environment beside PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  /** For a program that makes directories before it sets its own umask; the default denies access to them. */
  readonly umask?: number;
}

/**
 * Spawns a detached process; returns once it has a pid and an identity. Its environment is PATH and that of `spec`:
 * no secret of this process (tokens, credentials) reaches it or its /proc/<pid>/environ.
 */
export async function spawnProgram(spec: ProgramSpec): Promise<SpawnOutcome> {
  try {
    await spec.prepare();
    await using log = await open(spec.logPath, 'a', 0o600);
    if (spec.consolePath === undefined) return await start(spec, { stdout: log.fd, stderr: log.fd });
    await using output = await open(spec.consolePath, 'a', 0o600);
    return await start(spec, { stdout: output.fd, stderr: log.fd });
  } catch (error) {
    // A full disk, a removed directory: a host fault, not a bug.
    if (error instanceof Error && 'code' in error)
      return hostError('prepare', "the VM's files could not be made", error);
    throw error;
  }
}

interface Output {
  readonly stdout: number;
  readonly stderr: number;
}

async function start(spec: ProgramSpec, output: Output): Promise<SpawnOutcome> {
  const child = spawnPrivately(spec, output);
  const exited = exitOf(child);
  try {
    await once(child, 'spawn');
  } catch (error) {
    return refusal('failed', 'spawn', 'the hypervisor could not be started', `${spec.program}: ${String(error)}`);
  }
  child.unref();
  const identity = child.pid === undefined ? null : await identify(child.pid);
  if (identity !== null) return { ok: true, process: { identity, exited } };
  const reason = `the hypervisor process ended at once${describeExit(await exited)}`;
  return refusal('failed', 'spawn', reason, `${spec.program}: see ${spec.logPath}`);
}

/** @throws Error at once for arguments too long (E2BIG), no memory (ENOMEM), or a NUL in an argument. */
function spawnPrivately(
  { program, argv, directory, environment, umask = 0o177 }: ProgramSpec,
  { stdout, stderr }: Output,
): ChildProcess {
  // Socket and console must be 0600 from their creation, and a child inherits the current umask.
  const mask = process.umask(umask);
  try {
    return spawn(program, argv, {
      cwd: directory,
      detached: true,
      stdio: ['ignore', stdout, stderr],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...environment },
    });
  } finally {
    process.umask(mask);
  }
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    child.once('error', () => resolve({ exitCode: null, signal: null }));
  });
}
