// Whether a hypervisor supports a launch's options, by the one table of capabilities.
import { CAPABILITIES, type HypervisorKind, type LaunchOption, whyUnsupported } from '@ironlog/schemas';
import { type LaunchSpec, SOCKET_PATH_TOO_LONG, socketPathFits } from './launch-spec.ts';
import { type Outcome, type Refusal, refusal } from './outcome.ts';

function optionsOf({ image, disks = [], vsock }: LaunchSpec): readonly LaunchOption[] {
  const asked: Readonly<Record<LaunchOption, boolean>> = {
    initrd: image.initrd !== undefined,
    disks: disks.length > 0,
    'qcow2-disks': disks.some(({ format }) => format === 'qcow2'),
    vsock: vsock !== undefined,
  };
  return (Object.keys(asked) as LaunchOption[]).filter((option) => asked[option]);
}

/** Undefined: the launch is supported. Without a version the newest one is assumed. */
export function whyNotLaunched(kind: HypervisorKind, launch: LaunchSpec, version?: string): Refusal | undefined {
  if (!socketPathFits(launch.socketPath)) return refusal('refused', 'spawn', SOCKET_PATH_TOO_LONG, launch.socketPath);
  for (const option of optionsOf(launch)) {
    const why = whyUnsupported(kind, option, version);
    if (why !== undefined) return refusal('unsupported', 'spawn', why);
  }
  return undefined;
}

/** The same for a hypervisor that boots only from a kernel. */
export function bootable(
  kind: HypervisorKind,
  launch: LaunchSpec,
  version?: string,
): Outcome<{ readonly kernel: string }> {
  const { kernel } = launch.image;
  if (kernel === undefined) {
    const { name } = CAPABILITIES[kind];
    return refusal('refused', 'spawn', `the image names no kernel, and ${name} boots nothing else`);
  }
  return whyNotLaunched(kind, launch, version) ?? { ok: true, kernel };
}
