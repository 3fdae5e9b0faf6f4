// Stops the guest: asked first, for as long as it is given, then by force; says which it was. No process is left.
import type { EffectContext } from './context.ts';

export interface GuestStop {
  readonly forced: boolean;
  /** `false`: a process would not die. */
  readonly ended: boolean;
}

/** An orderly guest's process ends by itself; it is given this long before it is ended. */
const PROCESS_ENDS_WITHIN_MS = 1000;

/** `graceMs` 0: by force at once. */
export const stopGuest = async (context: EffectContext, graceMs: number): Promise<GuestStop> => {
  const { hypervisor, vm } = context;
  const live = context.liveProcess();
  if (!live) return { forced: false, ended: await context.endProcesses() };
  let forced = true;
  if (graceMs > 0) {
    // A paused guest hears no button.
    if (vm.state === 'paused') await context.call('resume', (deadline) => hypervisor.resume(live.handle, deadline));
    const stopped = await context.call('shutdown', (deadline) => hypervisor.shutdown(live.handle, deadline), graceMs);
    forced = !stopped.ok;
    if (stopped.ok)
      await Promise.race([live.ended, new Promise((resolve) => setTimeout(resolve, PROCESS_ENDS_WITHIN_MS).unref())]);
  }
  return { forced, ended: await context.endProcesses() };
};
