// Identifies one hypervisor process of a VM.
import type { ProcessIdentity } from './process/table/identity.ts';

/** Plain data: after a restart it is rebuilt from the launch record or /proc. */
export interface ProcessHandle {
  /** Absolute path of the VM's directory. */
  readonly directory: string;
  readonly epoch: number;
  /** `<directory>/e<epoch>.sock` */
  readonly socketPath: string;
  readonly identity: ProcessIdentity;
}
