// Ends the hypervisor processes of a state directory: those whose argv holds a VM socket below it, and no others.
import { findUnder, killProcess } from '@ironlog/hypervisor';

const GRACE_MS = 2_000;

export interface StoppedVms {
  readonly ended: number;
  /** Why one could not be ended. */
  readonly left: readonly string[];
}

/** How many hypervisor processes run below `stateDir` (absolute, real path). */
export const countVms = async (stateDir: string): Promise<number> => (await findUnder(stateDir)).length;

/** The executors must have ended: they would start a VM again. */
export const stopVms = async (stateDir: string): Promise<StoppedVms> => {
  const found = await findUnder(stateDir);
  const outcomes = await Promise.all(found.map(({ identity }) => killProcess(identity, { graceMs: GRACE_MS })));
  const left = outcomes.flatMap((outcome) => (outcome.kind === 'alive' ? [outcome.reason] : []));
  return { ended: outcomes.length - left.length, left };
};
