// The programs of the hypervisors that this host offers: named by a variable, else on PATH, and new enough.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CAPABILITIES, type HypervisorKind, isAtLeast } from '@ironlog/schemas';
import { ConfigError } from '@ironlog/service-kit';
import type { ExecutorConfig } from '../env.ts';

export type RealHypervisor = Exclude<HypervisorKind, 'simulator'>;

export interface HypervisorProgram {
  /** Absolute path. */
  readonly program: string;
  /** What it told of itself. */
  readonly version: string;
}

const PROGRAMS = {
  'cloud-hypervisor': { name: 'cloud-hypervisor', variable: 'IRONLOG_CLOUD_HYPERVISOR' },
  firecracker: { name: 'firecracker', variable: 'IRONLOG_FIRECRACKER' },
  qemu: { name: 'qemu-system-x86_64', variable: 'IRONLOG_QEMU' },
} as const satisfies Record<RealHypervisor, { name: string; variable: keyof ExecutorConfig }>;

const run = promisify(execFile);
const VERSION_WITHIN_MS = 10_000;

/** @throws ConfigError in one sentence: the variable, the version that is wanted, and where its project publishes it. */
export async function findProgram(
  kind: RealHypervisor,
  config: ExecutorConfig,
  searchPath: string,
): Promise<HypervisorProgram> {
  const { name, variable } = PROGRAMS[kind];
  const about = CAPABILITIES[kind];
  const wanted = `${about.name} ${about.minimum} or newer is wanted, from ${about.releases}`;
  const named = config[variable];
  const program = named ?? (await onPath(name, searchPath));
  if (program === undefined)
    throw new ConfigError(`${variable} is not set and ${name} is not on PATH: ${wanted}; set ${variable} to its path`);
  const version = await versionOf(program);
  if (version === undefined)
    throw new ConfigError(`${variable} ${program} does not tell its version: ${wanted}; set ${variable} to its path`);
  if (!isAtLeast(version, about.minimum))
    throw new ConfigError(`${variable} ${program} is ${version}, which lacks ${about.because}: ${wanted}`);
  return { program, version };
}

async function onPath(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not there, or not for us: the next folder.
    }
  }
  return undefined;
}

/** `cloud-hypervisor v53.0.0`, `Firecracker v1.16.1`, `QEMU emulator version 7.2.22 (…)`; undefined: it does not run. */
async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: VERSION_WITHIN_MS });
    return /\bv(?:ersion )?(\d+(?:\.\d+)*\S*)/.exec(stdout)?.[1];
  } catch (error) {
    if (error instanceof Error && ('code' in error || 'killed' in error)) return undefined;
    throw error;
  }
}
