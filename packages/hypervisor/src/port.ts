// The port: what the executor asks of any hypervisor. Every effect is an "ensure", every call is bounded by a signal.
import type { HypervisorKind, TenantId, Verb, VmId } from '@ironlog/schemas';
import type { CallOutcome } from './outcome.ts';
import type { ProcessIdentity } from './process/identity.ts';

export interface MachineSpec {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly kernelArgs: string;
}

/** Paths on the host, from its catalogue; never from a tenant. */
export interface BootImage {
  readonly kernel: string;
  readonly initrd?: string;
}

/** One generation of a VM's hypervisor process. */
export interface Launch {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly epoch: number;
  /** Absolute, mode 0700. It and the epoch stand in the process's arguments, so that /proc alone tells whose it is. */
  readonly directory: string;
  readonly machine: MachineSpec;
  readonly image: BootImage;
}

export const socketPathOf = (launch: Pick<Launch, 'directory' | 'epoch'>): string =>
  `${launch.directory}/e${launch.epoch}.sock`;
export const consolePathOf = (directory: string): string => `${directory}/console.log`;

/** `sun_path` holds 108 bytes with its closing zero (unix(7)). */
export const MAX_SOCKET_PATH_BYTES = 107;

export interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface Spawned {
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended; only its parent can know how. */
  readonly exited: Promise<Exit>;
}

export type Observed = 'created' | 'running' | 'paused' | 'absent';

/** How a process ended as seen from outside: `guest` when the guest had said that it was going. */
export interface Hangup {
  readonly cause: 'guest' | 'unknown';
}

export interface Watch {
  /** Resolves when the process's socket hangs up: at its death, whoever its parent was. Never rejects. */
  readonly ended: Promise<Hangup>;
  close(): void;
}

export interface WatchListener {
  /** The guest restarted by itself, inside the same process. */
  readonly onGuestReboot: () => void;
}

export interface Hypervisor {
  readonly kind: HypervisorKind;
  /** Verbs that it can do; the others are rejected as `unsupported`. */
  readonly capabilities: readonly Verb[];
  /** Starts a detached process of its own session; resolves once it runs, before its socket answers. */
  spawn(launch: Launch): Promise<CallOutcome<Spawned>>;
  /** Waits until the process answers on its socket. */
  ready(launch: Launch, signal: AbortSignal): Promise<CallOutcome>;
  /** Ensures that the VM is defined in the process, and not yet running. */
  create(launch: Launch, signal: AbortSignal): Promise<CallOutcome>;
  boot(launch: Launch, signal: AbortSignal): Promise<CallOutcome>;
  pause(launch: Launch, signal: AbortSignal): Promise<CallOutcome>;
  resume(launch: Launch, signal: AbortSignal): Promise<CallOutcome>;
  /** Asks the guest to stop, once; a press before it listens is lost, so the caller repeats. */
  powerButton(launch: Launch, signal: AbortSignal): Promise<CallOutcome>;
  /** Asks the process to end now. */
  quit(launch: Launch, signal: AbortSignal): Promise<CallOutcome>;
  snapshot(launch: Launch, signal: AbortSignal): Promise<CallOutcome>;
  restore(launch: Launch, signal: AbortSignal): Promise<CallOutcome>;
  observe(launch: Launch, signal: AbortSignal): Promise<CallOutcome<Observed>>;
  watch(launch: Launch, listener: WatchListener): Watch;
}
