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

export interface LaunchDisk {
  /** As the guest may see it (a serial number): letters, digits and `_`. */
  readonly id: string;
  /** Absolute path of the file. */
  readonly path: string;
  readonly format: 'raw' | 'qcow2';
  readonly readOnly: boolean;
  /** It holds the guest's root file system. Firecracker alone tells its guest so; for the others the image's `args` do. */
  readonly isRoot: boolean;
}

/** A socket between guest and host that is no network. */
export interface LaunchVsock {
  /** The guest's address, 3 and up. */
  readonly cid: number;
  /** Absolute path of the unix socket that the hypervisor makes for it. */
  readonly path: string;
}

export interface LaunchSpec {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  /** Generation of the hypervisor process, 1 and up. */
  readonly epoch: number;
  /** Absolute path of the VM's directory; it must exist, mode 0700. */
  readonly directory: string;
  readonly socketPath: string;
  /**
   * The executor truncates it while the process holds it open: a driver has it opened to append (O_APPEND) where it can.
   * A hypervisor that does not append leaves a hole, which the executor's reads skip.
   */
  readonly consolePath: string;
  readonly spec: { readonly cpus: number; readonly memoryMiB: number; readonly kernelArgs?: string };
  readonly image: LaunchImage;
  /** In the order in which the guest finds them; none by default. */
  readonly disks?: readonly LaunchDisk[];
  readonly vsock?: LaunchVsock;
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

/** The image's kernel arguments come first, so that the VM's can override them. */
export const kernelArguments = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(' ');
