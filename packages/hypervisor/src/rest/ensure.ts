// A call over REST as an "ensure" step: act, and when refused look whether it is so already (P6).
import { type Outcome, refusal } from '../outcome.ts';
import type { ObservedState } from '../port.ts';

export interface Step {
  readonly name: string;
  /** The states in which there is nothing left to do. */
  readonly wanted: readonly ObservedState[];
  /** The states from which it may succeed: a refusal in any other will not change by trying again. */
  readonly from: readonly ObservedState[];
}

export type StateRead = Outcome<{ readonly state: ObservedState }>;

export interface Calls {
  readonly act: () => Promise<Outcome>;
  readonly readState: () => Promise<StateRead>;
}

/**
 * Acts first, for that is one round trip when all is well; a refusal in a state that is wanted anyway is success. What the
 * hypervisor's status says of a refusal is not relied on: Cloud Hypervisor answers 500 where the state forbids it, and
 * Firecracker 400 where it failed.
 */
export async function ensure({ name, wanted, from }: Step, { act, readState }: Calls): Promise<Outcome> {
  const called = await act();
  if (called.ok || (called.code !== 'refused' && called.code !== 'failed')) return called;
  const now = await readState();
  if (!now.ok) return called;
  if (wanted.includes(now.state)) return { ok: true };
  const code = from.includes(now.state) ? 'failed' : 'refused';
  return refusal(code, name, `${called.reason}; the VM is ${now.state}`, called.detail);
}
