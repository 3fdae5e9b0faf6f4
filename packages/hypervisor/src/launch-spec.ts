// What a hypervisor process is started with. Paths are made here, in one way, so that argv alone names VM and epoch.
import { join } from 'node:path';
import type { TenantId, VmId } from '@ironlog/schemas';

/** What the guest runs, as the host's catalogue resolved it: real paths, never a tenant's. */
export interface LaunchImage {
  /** Absolute path of the kernel; the simulator needs none. */
  readonly kernel?: string;
  /** Absolute path of the initramfs. */
  readonly initrd?: string;
  /** The image's root disk, which several VMs share: to be read only. */
  readonly rootDisk?: { readonly path: string; readonly format: 'raw' | 'qcow2' };
  /** The image's own kernel command line; a VM's `kernelArgs` come after it. */
  readonly args?: string;
}

export interface LaunchSpec {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  /** Generation of the hypervisor process, 1 and up. */
  readonly epoch: number;
  /** Absolute path of the VM's directory; it must exist, mode 0700. */
  readonly directory: string;
  readonly socketPath: string;
  readonly consolePath: string;
  readonly spec: { readonly cpus: number; readonly memoryMiB: number; readonly kernelArgs?: string };
  readonly image: LaunchImage;
}

/** `<directory>/e<epoch>.sock`: the process's argv then holds the VM's directory and its epoch. */
export const socketPathOf = (directory: string, epoch: number): string => join(directory, `e${epoch}.sock`);

/** `<directory>/console.log`: one console per VM, kept across epochs. */
export const consolePathOf = (directory: string): string => join(directory, 'console.log');

/** Where the hypervisor process's own stdout and stderr go, mode 0600. */
export const logPathOf = (directory: string): string => join(directory, 'hypervisor.log');

/** The longest path a unix socket can be bound to: sun_path is 108 bytes with its NUL (unix(7)). */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Why a launch is refused whose socket's path does not fit. */
export const SOCKET_PATH_TOO_LONG = `the VM's socket would have a path longer than ${MAX_SOCKET_PATH_BYTES} bytes`;

export const socketPathFits = (path: string): boolean => Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
