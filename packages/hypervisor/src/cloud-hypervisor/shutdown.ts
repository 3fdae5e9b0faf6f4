// Asks the guest to switch itself off, by the power button.
import { deadlineRefusal, type Outcome } from '../outcome.ts';
import { pause } from '../pause.ts';
import { isAlive } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { put, readState } from './calls.ts';

const PRESS_EVERY_MS = 1000;
const CHECK_EVERY_MS = 20;

/**
 * Presses the power button each second until the guest is off, or the process has ended (as Cloud Hypervisor does then).
 * A paused guest is resumed first: it could not hear the button.
 */
export async function shutdown(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome> {
  let pressAt = 0;
  while (!deadline.aborted) {
    if (!(await isAlive(handle.identity))) return { ok: true };
    const now = await readState(handle, deadline);
    if (!now.ok && now.code === 'bad-answer') return now;
    if (now.ok && now.state !== 'running' && now.state !== 'paused') return { ok: true };
    if (performance.now() >= pressAt) {
      pressAt = performance.now() + PRESS_EVERY_MS;
      if (now.ok && now.state === 'paused') await put(handle, { name: 'vm.resume' }, deadline);
      const pressed = await put(handle, { name: 'vm.power-button' }, deadline);
      // Refused: the guest went off in between, which the next look shows. Failed: the next press may do.
      if (!pressed.ok && pressed.code === 'bad-answer') return pressed;
    }
    await pause(CHECK_EVERY_MS, deadline);
  }
  return deadlineRefusal(deadline, 'vm.power-button');
}
