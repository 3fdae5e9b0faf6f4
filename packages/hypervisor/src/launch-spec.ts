// What a hypervisor process is started with. All paths are built here, so that argv alone identifies VM and epoch.
import { join } from 'node:path';
import type { TenantId, VmId } from '@ironlog/schemas';

/** What the guest runs, resolved from the host's catalogue: host paths, never a tenant's. */
export interface LaunchImage {
  /** Absolute path of the kernel; the simulator needs none. */
  readonly kernel?: string;
  /** Absolute path of the initramfs. */
  readonly initrd?: string;
  /** The image's root disk, shared by several VMs: read-only. */
  readonly rootDisk?: { readonly path: string; readonly format: 'raw' | 'qcow2' };
  /** The image's own kernel command line; a VM's `kernelArgs` come after it. */
  readonly args?: string;
}

export interface LaunchDisk {
  /** The serial number that the guest sees: letters, digits and `_`. */
  readonly id: string;
  /** Absolute path of the file. */
  readonly path: string;
  readonly format: 'raw' | 'qcow2';
  readonly readOnly: boolean;
  /** The guest's root file system. Only Firecracker passes this to its guest; otherwise the image's `args` do. */
  readonly isRoot: boolean;
}

/** A socket between guest and host without a network. */
export interface LaunchVsock {
  /** The guest's address, 3 and up. */
  readonly cid: number;
  /** Absolute path of the unix socket that the hypervisor creates. */
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
   * The executor truncates it while the process has it open: a driver opens it with O_APPEND where possible.
   * A hypervisor that does not append leaves a hole, which the executor's reads skip.
   */
  readonly consolePath: string;
  readonly spec: { readonly cpus: number; readonly memoryMiB: number; readonly kernelArgs?: string };
  readonly image: LaunchImage;
  /** In the guest's device order; none by default. */
  readonly disks?: readonly LaunchDisk[];
  readonly vsock?: LaunchVsock;
}

/** `<directory>/e<epoch>.sock`: the process's argv then holds the VM's directory and its epoch. */
export const socketPathOf = (directory: string, epoch: number): string => join(directory, `e${epoch}.sock`);

/** `<directory>/console.log`: one console per VM, kept across epochs. */
export const consolePathOf = (directory: string): string => join(directory, 'console.log');

/** The hypervisor process's stdout and stderr, mode 0600. */
export const logPathOf = (directory: string): string => join(directory, 'hypervisor.log');

/** The longest path of a unix socket: sun_path is 108 bytes with its NUL (unix(7)). */
export const MAX_SOCKET_PATH_BYTES = 107;

/** The refusal's reason for a longer socket path. */
export const SOCKET_PATH_TOO_LONG = `the VM's socket would have a path longer than ${MAX_SOCKET_PATH_BYTES} bytes`;

export const socketPathFits = (path: string): boolean => Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;

/** The image's kernel arguments come first, so that the VM's can override them. */
export const kernelArguments = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(' ');
