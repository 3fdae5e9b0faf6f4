// The hypervisors' programs: found by a variable or on PATH, then version-checked.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CAPABILITIES, type HypervisorKind, isAtLeast } from '@ironlog/schemas';

export type RealHypervisor = Exclude<HypervisorKind, 'simulator'>;

export interface HypervisorProgram {
  /** Absolute path. */
  readonly program: string;
  /** The variable with its path. */
  readonly variable: string;
  /** The version it reports. */
  readonly version: string;
}

const PROGRAMS = {
  'cloud-hypervisor': { name: 'cloud-hypervisor', variable: 'IRONLOG_CLOUD_HYPERVISOR' },
  firecracker: { name: 'firecracker', variable: 'IRONLOG_FIRECRACKER' },
  qemu: { name: 'qemu-system-x86_64', variable: 'IRONLOG_QEMU' },
} as const satisfies Record<RealHypervisor, { name: string; variable: string }>;
type ProgramVariable = (typeof PROGRAMS)[RealHypervisor]['variable'];

const run = promisify(execFile);
const VERSION_WITHIN_MS = 10_000;

export type FoundProgram =
  | ({ readonly kind: 'found' } & HypervisorProgram)
  /** One sentence: the variable, the required version, and where the project publishes it. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** `named`: the values of the programs' variables, if set. */
export async function findProgram(
  kind: RealHypervisor,
  named: Readonly<Partial<Record<ProgramVariable, string | undefined>>>,
  searchPath: string,
): Promise<FoundProgram> {
  const { name, variable } = PROGRAMS[kind];
  const about = CAPABILITIES[kind];
  const wanted = `${about.name} ${about.minimum} or newer is wanted, from ${about.releases}`;
  const unusable = (what: string): FoundProgram => ({ kind: 'unusable', reason: what });
  const program = named[variable] ?? (await onPath(name, searchPath));
  if (program === undefined)
    return unusable(`${variable} is not set and ${name} is not on PATH: ${wanted}; set ${variable} to its path`);
  const version = await versionOf(program);
  if (version === undefined)
    return unusable(`${variable} ${program} does not tell its version: ${wanted}; set ${variable} to its path`);
  if (!isAtLeast(version, about.minimum))
    return unusable(`${variable} ${program} is ${version}, which lacks ${about.because}: ${wanted}`);
  return { kind: 'found', program, variable, version };
}

async function onPath(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Missing, or not executable: next folder.
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
