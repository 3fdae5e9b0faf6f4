// What an effect may use: the VM as it stood at its intent, its hypervisor, its process, and a signal that ends it.
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
  /** The VM's process at `epoch`: the live one, one that a crash left, or a new one (P5: never a second). */
  ensureProcess(epoch: number): Promise<Outcome<{ readonly process: LiveProcess }>>;
  /** The live process, if there is one. */
  liveProcess(): LiveProcess | undefined;
  /** Of so many seconds that the task's intent gave, those that are left, in ms: they go on while no executor runs. */
  graceLeftMs(seconds: number): number;
  /** Whether the process of `epoch` left word that its guest had stopped: one that was killed leaves none. */
  guestHadStopped(epoch: number): Promise<boolean>;
  /** Ends every process of the VM, whatever its epoch. `false`: one would not die. */
  endProcesses(): Promise<boolean>;
  /** One call to the hypervisor's socket, timed, traced and bounded; `withinMs` by default 10,000. */
  call(name: string, work: (deadline: AbortSignal) => Promise<Outcome>, withinMs?: number): Promise<Outcome>;
}

export type Effect = (context: EffectContext) => Promise<EffectResult>;
export type EffectResult =
  /** `afterwards`, once the fact is on record: until then a resumption may have to read what it removes. */
  | { readonly kind: 'done'; readonly fact: VmFact; readonly afterwards?: () => Promise<void> }
  | { readonly kind: 'failed'; readonly refusal: Refusal; readonly residue: readonly Residue[] };

export const failed = (refusal: Refusal, residue: readonly Residue[] = []): EffectResult => ({
  kind: 'failed',
  refusal,
  residue,
});
