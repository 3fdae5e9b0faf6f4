// A call over REST as an "ensure" step: act, and when refused check the state (P6).
import { type Outcome, refusal } from '../outcome.ts';
import type { ObservedState } from '../port.ts';

export interface Step {
  readonly name: string;
  /** The states in which the step is done. */
  readonly wanted: readonly ObservedState[];
  /** The states from which it may succeed: in any other a retry does not help. */
  readonly from: readonly ObservedState[];
}

export type StateRead = Outcome<{ readonly state: ObservedState }>;

export interface Calls {
  readonly act: () => Promise<Outcome>;
  readonly readState: () => Promise<StateRead>;
}

/**
 * Acts first, which is one round trip in the normal case; a refusal in a wanted state is success. The hypervisor's status
 * is not relied on for refusals: Cloud Hypervisor answers 500 where the state forbids a call, and Firecracker 400 where
 * the call failed.
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
