// Stops the guest: asked first, for as long as it is given, then by force.
import { refusal } from '@ironlog/hypervisor';
import { type EffectContext, type EffectResult, failed } from './context.ts';
import { residueIn } from './residue.ts';

/** An orderly guest's process ends by itself; it is given this long before it is ended. */
const PROCESS_ENDS_WITHIN_MS = 1000;

/**
 * `graceSeconds`, from the task's intent on; 0: by force at once. Undefined: no process of the VM is left, and what the
 * last one left tells whether its guest obeyed. Otherwise how the task ends instead.
 */
export const stopGuest = async (context: EffectContext, graceSeconds: number): Promise<EffectResult | undefined> => {
  const { directory, hypervisor, signal, vm } = context;
  const live = context.liveProcess();
  const graceMs = context.graceLeftMs(graceSeconds);
  if (live && graceMs > 0) {
    // A paused guest hears no button.
    if (vm.state === 'paused') await context.call('resume', (deadline) => hypervisor.resume(live.handle, deadline));
    const asked = await context.call('shutdown', (deadline) => hypervisor.shutdown(live.handle, deadline), graceMs);
    if (asked.ok) await endsByItself(live.ended, signal);
  }
  // Where the service is stopping this throws: the guest's time is not over because ours is.
  if (await context.endProcesses()) return undefined;
  return failed(refusal('failed', 'kill', 'the hypervisor process does not die'), await residueIn(directory));
};

const endsByItself = async (ended: Promise<unknown>, signal: AbortSignal): Promise<void> => {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(PROCESS_ENDS_WITHIN_MS)]);
  const over = new Promise((resolve) => enough.addEventListener('abort', resolve, { once: true }));
  if (!enough.aborted) await Promise.race([ended, over]);
};
