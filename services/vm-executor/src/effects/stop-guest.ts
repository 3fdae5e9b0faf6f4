// Stops the guest: first by a request with a grace period, then by force.
import { refusal } from '@ironlog/hypervisor';
import { type EffectContext, type EffectResult, failed } from './context.ts';
import { residueIn } from './residue.ts';

/** The process of a guest that stopped ends by itself. It is ended by force after this time. */
const PROCESS_ENDS_WITHIN_MS = 1000;

/**
 * `graceSeconds` counts from the task's intent; 0: by force at once. Undefined: no process of the VM is left; the last
 * one's record shows whether its guest stopped. Otherwise the task's result.
 */
export const stopGuest = async (context: EffectContext, graceSeconds: number): Promise<EffectResult | undefined> => {
  const { directory, hypervisor, signal, vm } = context;
  const live = context.liveProcess();
  const graceMs = context.graceLeftMs(graceSeconds);
  if (live && graceMs > 0) {
    // A paused guest does not react to the power button.
    if (vm.state === 'paused') await context.call('resume', (deadline) => hypervisor.resume(live.handle, deadline));
    const asked = await context.call('shutdown', (deadline) => hypervisor.shutdown(live.handle, deadline), graceMs);
    if (asked.ok) await endsByItself(live.ended, signal);
  }
  // Throws when the service is stopping: the guest's grace is not over then.
  if (await context.endProcesses()) return undefined;
  return failed(refusal('failed', 'kill', 'the hypervisor process does not die'), await residueIn(directory));
};

const endsByItself = async (ended: Promise<unknown>, signal: AbortSignal): Promise<void> => {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(PROCESS_ENDS_WITHIN_MS)]);
  const over = new Promise((resolve) => enough.addEventListener('abort', resolve, { once: true }));
  if (!enough.aborted) await Promise.race([ended, over]);
};
