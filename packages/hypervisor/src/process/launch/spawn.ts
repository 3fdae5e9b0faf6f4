// Starts a hypervisor process that outlives its parent: a session of its own, none of our descriptors, its output in a file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { type Outcome, refusal } from '../../outcome.ts';
import { describeExit, type ProcessExit } from '../exit/exit-status.ts';
import { identify, type ProcessIdentity } from '../table/identity.ts';
import { hostError } from './host-error.ts';

export interface SpawnedProcess {
  readonly identity: ProcessIdentity;
  /** Resolves, and never rejects, when our child has ended. */
  readonly exited: Promise<ProcessExit>;
}

export type SpawnOutcome = Outcome<{ readonly process: SpawnedProcess }>;

export interface ProgramSpec {
  /** Absolute path or a name on PATH. */
  readonly program: string;
  readonly argv: readonly string[];
  /** Absolute path: working directory of the process. */
  readonly directory: string;
  /** Makes the files that it expects to find. */
  readonly prepare: () => Promise<void>;
  /** Its stderr is appended here, and its stdout too where `consolePath` is not given; mode 0600. */
  readonly logPath: string;
  /**
   * Its stdout is appended here, mode 0600: for a hypervisor that would write a console's file from its beginning, and for
   * a guest restored elsewhere, whose own configuration names the file of the VM that it was copied from.
   */
  readonly consolePath?: string;
  /** All that it gets beside PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  /** For a program that makes directories before it sets its own mask; the default leaves nobody a way into them. */
  readonly umask?: number;
}

/**
 * Spawns detached and answers when the process has a pid and an identity. Its environment is PATH and what `spec` gives:
 * nothing secret of ours (tokens, credentials) reaches it or its /proc/<pid>/environ.
 */
export async function spawnProgram(spec: ProgramSpec): Promise<SpawnOutcome> {
  try {
    await spec.prepare();
    await using log = await open(spec.logPath, 'a', 0o600);
    if (spec.consolePath === undefined) return await start(spec, { stdout: log.fd, stderr: log.fd });
    await using output = await open(spec.consolePath, 'a', 0o600);
    return await start(spec, { stdout: output.fd, stderr: log.fd });
  } catch (error) {
    // A full disk, a directory that has gone: the host's trouble, not a bug.
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

/** @throws Error at once for what the system refuses: arguments too long (E2BIG), no memory (ENOMEM), a NUL among them. */
function spawnPrivately(
  { program, argv, directory, environment, umask = 0o177 }: ProgramSpec,
  { stdout, stderr }: Output,
): ChildProcess {
  // Its socket and console are to be 0600 from the first moment, and a child inherits the mask of this moment.
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
