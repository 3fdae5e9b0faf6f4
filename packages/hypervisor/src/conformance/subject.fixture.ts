// A driver as the conformance suite takes it, and the guests that it is to run.
import type { LaunchImage } from '../launch-spec.ts';
import type { Hypervisor } from '../port.ts';

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
}
