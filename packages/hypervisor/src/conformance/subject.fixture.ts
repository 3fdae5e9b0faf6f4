// A driver under the conformance suite, and the guests that it runs.
import type { LaunchImage } from '../launch-spec.ts';
import type { Hypervisor } from '../port.ts';
import type { Dialect } from './interposer.fixture.ts';

export interface Guest {
  readonly image: LaunchImage;
  readonly kernelArgs?: string;
}

export interface Subject {
  readonly name: string;
  /** A driver without state, as after an executor's restart. */
  readonly create: () => Hypervisor;
  /** Handles the power button once it has written `readyLine`. */
  readonly guest: Guest;
  readonly readyLine: string;
  /** Powers itself off soon. */
  readonly guestThatStops: Guest;
  readonly dialect: Dialect;
  /** A restored guest resumes at the snapshot, and does not boot again. */
  readonly goesOnAfterRestore?: boolean;
  /** A process's environment variables; PATH by default. */
  readonly environment?: readonly string[];
  /** A process has its VM from its start, as QEMU's has by its command line. */
  readonly isDefinedBySpawn?: boolean;
  /** The real program supports a vsock. */
  readonly hasVsock?: boolean;
  /** It counts its disks' I/O. */
  readonly countsDevices?: boolean;
  /** A process takes one client at a time. */
  readonly takesOneClient?: boolean;
}
