// What an effect may use: the VM at its intent, its hypervisor, its process, and an abort signal.
import type { Vm } from '@ironlog/domain';
import type { Hypervisor, Outcome, Refusal } from '@ironlog/hypervisor';
import type { Residue, VmFact } from '@ironlog/schemas';
import type { Fail } from '../failpoints.ts';
import type { LiveProcess } from '../processes/live-processes.ts';

export interface EffectContext {
  readonly vm: Vm;
  readonly directory: string;
  readonly hypervisor: Hypervisor;
  /** Aborted at the task's deadline, when a delete pre-empts it, and when the service stops. */
  readonly signal: AbortSignal;
  readonly fail: Fail;
  /** Monotonic, ms. */
  readonly now: () => number;
  /** The VM's process at `epoch`: the live one, one that survived a crash, or a new one (P5: never a second). */
  ensureProcess(epoch: number): Promise<Outcome<{ readonly process: LiveProcess }>>;
  /** The live process, if there is one. */
  liveProcess(): LiveProcess | undefined;
  /** What is left of the `seconds` given by the task's intent, in ms. Time passes while no executor runs, too. */
  graceLeftMs(seconds: number): number;
  /** Whether the process of `epoch` recorded that its guest stopped. A killed process records nothing. */
  guestHadStopped(epoch: number): Promise<boolean>;
  /** Ends every process of the VM, of any epoch. `false`: one did not die. */
  endProcesses(): Promise<boolean>;
  /** One call to the hypervisor's socket, timed, traced and bounded; `withinMs` by default 10,000. */
  call(name: string, work: (deadline: AbortSignal) => Promise<Outcome>, withinMs?: number): Promise<Outcome>;
}

export type Effect = (context: EffectContext) => Promise<EffectResult>;
export type EffectResult =
  /** `afterwards` runs after the fact is appended: a resumed task may need what it removes. */
  | { readonly kind: 'done'; readonly fact: VmFact; readonly afterwards?: () => Promise<void> }
  | { readonly kind: 'failed'; readonly refusal: Refusal; readonly residue: readonly Residue[] };

export const failed = (refusal: Refusal, residue: readonly Residue[] = []): EffectResult => ({
  kind: 'failed',
  refusal,
  residue,
});
