// What an effect may use: the VM as it stood at its intent, its hypervisor, its process, and a signal that ends it.
import type { Vm } from '@ironlog/domain';
import type { Hypervisor, Outcome, Refusal } from '@ironlog/hypervisor';
import type { Residue, VmFact } from '@ironlog/schemas';
import type { Fail } from '../failpoints.ts';
import type { LiveProcess } from '../processes.ts';

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
  /** Ends every process of the VM, whatever its epoch. `false`: one would not die. */
  endProcesses(): Promise<boolean>;
  /** One call to the hypervisor's socket, timed, traced and bounded; `withinMs` by default 10,000. */
  call(name: string, work: (deadline: AbortSignal) => Promise<Outcome>, withinMs?: number): Promise<Outcome>;
}

export type Effect = (context: EffectContext) => Promise<EffectResult>;
export type EffectResult =
  | { readonly kind: 'done'; readonly fact: VmFact }
  | { readonly kind: 'failed'; readonly refusal: Refusal; readonly residue: readonly Residue[] };

export const failed = (refusal: Refusal, residue: readonly Residue[] = []): EffectResult => ({
  kind: 'failed',
  refusal,
  residue,
});
