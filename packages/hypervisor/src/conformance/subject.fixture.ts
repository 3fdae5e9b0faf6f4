// A driver as the conformance suite takes it, and the guests that it is to run.
import type { LaunchImage } from '../launch-spec.ts';
import type { Hypervisor } from '../port.ts';
import type { Dialect } from './interposer.fixture.ts';

export interface Guest {
  readonly image: LaunchImage;
  readonly kernelArgs?: string;
}

export interface Subject {
  readonly name: string;
  /** A driver with nothing in its memory, as after an executor's restart. */
  readonly create: () => Hypervisor;
  /** Listens to the power button once it has written `readyLine`. */
  readonly guest: Guest;
  readonly readyLine: string;
  /** Switches itself off soon. */
  readonly guestThatStops: Guest;
  readonly dialect: Dialect;
  /** A guest that was restored goes on where the snapshot was, and does not start again. */
  readonly goesOnAfterRestore?: boolean;
  /** The names of what a process is given; PATH by default. */
  readonly environment?: readonly string[];
  /** A process has its VM from the first, as QEMU's has by its command line. */
  readonly isDefinedBySpawn?: boolean;
  /** Its real program gives a guest a vsock. */
  readonly hasVsock?: boolean;
  /** It tells what its disks have moved. */
  readonly countsDevices?: boolean;
  /** A process takes one client at a time. */
  readonly takesOneClient?: boolean;
}
