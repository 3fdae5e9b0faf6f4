// The capabilities that Ironlog supports for each hypervisor, and their first versions: the one table for drivers, gateway
// and docs. A verb or an option that is not listed is refused.
import { type HypervisorKind, VERBS, type Verb } from './vm-state.ts';

/** Options of a launch, beside verbs. */
export const LAUNCH_OPTIONS = ['initrd', 'disks', 'qcow2-disks', 'vsock'] as const;
export type LaunchOption = (typeof LAUNCH_OPTIONS)[number];

export type Capability = Verb | LaunchOption;

export interface HypervisorCapabilities {
  /** The project's spelling. */
  readonly name: string;
  /** The oldest supported version, for the reason below; dots between numbers. */
  readonly minimum: string;
  /** What older ones lack. */
  readonly because: string;
  /** The version that the conformance suite was run against. */
  readonly testedWith: string;
  /** Where its project publishes it. */
  readonly releases: string;
  /** The first supporting version; absent: not supported. */
  readonly since: Readonly<Partial<Record<Capability, string>>>;
}

const ALL_BUT_SNAPSHOTS: readonly Verb[] = VERBS.filter((verb) => verb !== 'snapshot' && verb !== 'restore');
const verbsSince = (version: string): Partial<Record<Verb, string>> =>
  Object.fromEntries(ALL_BUT_SNAPSHOTS.map((verb) => [verb, version]));

export const CAPABILITIES: Readonly<Record<HypervisorKind, HypervisorCapabilities>> = {
  'cloud-hypervisor': {
    name: 'Cloud Hypervisor',
    minimum: '39.0',
    because: 'events of its monitor that tell a restart of the guest',
    testedWith: '53.0',
    releases: 'the releases of cloud-hypervisor/cloud-hypervisor on GitHub',
    // Disks: an older version guesses a disk's format from the guest's data.
    since: { ...verbsSince('39.0'), initrd: '39.0', disks: '52.0', 'qcow2-disks': '52.0', vsock: '39.0' },
  },
  firecracker: {
    name: 'Firecracker',
    minimum: '1.12.0',
    because: 'the PVH boot, and a Ctrl-Alt-Del that guests with ACPI hear',
    testedWith: '1.16.1',
    releases: 'the releases of firecracker-microvm/firecracker on GitHub',
    since: { ...verbsSince('1.12.0'), initrd: '1.12.0', disks: '1.12.0', vsock: '1.12.0' },
  },
  qemu: {
    name: 'QEMU',
    minimum: '6.0',
    because: 'the option -action',
    testedWith: '7.2',
    releases: 'the downloads of the QEMU project, or the package qemu-system-x86 of the distribution',
    since: { ...verbsSince('6.0'), initrd: '6.0', disks: '6.0', 'qcow2-disks': '6.0' },
  },
  simulator: {
    name: 'the simulator',
    minimum: '0',
    because: '',
    testedWith: '0',
    releases: 'this project',
    since: { ...verbsSince('0'), initrd: '0', disks: '0', vsock: '0' },
  },
};

/** Whether `version` is `wanted` or newer. A suffix (`-dev`, `+build`) is ignored. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [have, want] = [version, wanted].map(numbersOf) as [number[], number[]];
  for (let place = 0; place < Math.max(have.length, want.length); place += 1) {
    const difference = (have[place] ?? 0) - (want[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const numbersOf = (version: string): number[] =>
  (/^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '0').split('.').map(Number);

/** Undefined: supported. Otherwise the reason, in a sentence; the default version is the newest. */
export function whyUnsupported(kind: HypervisorKind, wanted: Capability, version?: string): string | undefined {
  const { name, since } = CAPABILITIES[kind];
  const from = since[wanted];
  if (from === undefined) return `${name} is not driven with ${wanted}`;
  if (version === undefined || isAtLeast(version, from)) return undefined;
  return `${name} ${version} has no ${wanted}: it is driven with it since ${from}`;
}

/** The verbs that Ironlog supports for each hypervisor: its driver's verbs, and those in a VM's view. */
export const HYPERVISOR_VERBS: Readonly<Record<HypervisorKind, readonly Verb[]>> = {
  'cloud-hypervisor': verbsOf('cloud-hypervisor'),
  firecracker: verbsOf('firecracker'),
  qemu: verbsOf('qemu'),
  simulator: verbsOf('simulator'),
};

function verbsOf(kind: HypervisorKind): readonly Verb[] {
  return VERBS.filter((verb) => CAPABILITIES[kind].since[verb] !== undefined);
}
