// A graceful shutdown over REST: the power button is pressed until the guest is off.
import { deadlineRefusal, type Outcome } from '../outcome.ts';
import { pause } from '../pause.ts';
import { isAlive, type ProcessIdentity } from '../process/table/identity.ts';
import type { StateRead } from './ensure.ts';

export interface Machine {
  readonly identity: ProcessIdentity;
  readonly readState: () => Promise<StateRead>;
  readonly resume: () => Promise<Outcome>;
  readonly press: () => Promise<Outcome>;
}

const PRESS_EVERY_MS = 1000;
const CHECK_EVERY_MS = 20;

/**
 * Each second, because a press before the guest handles it is lost although both hypervisors accept it. Ends when the
 * guest is off or the process has exited. A paused guest is resumed first.
 */
export async function pressUntilOff(stage: string, machine: Machine, deadline: AbortSignal): Promise<Outcome> {
  let pressAt = 0;
  while (!deadline.aborted) {
    if (!(await isAlive(machine.identity))) return { ok: true };
    const now = await machine.readState();
    if (!now.ok && now.code === 'bad-answer') return now;
    if (now.ok && now.state !== 'running' && now.state !== 'paused') return { ok: true };
    if (performance.now() >= pressAt) {
      pressAt = performance.now() + PRESS_EVERY_MS;
      if (now.ok && now.state === 'paused') await machine.resume();
      const pressed = await machine.press();
      // Refused: the guest went off meanwhile; the next poll shows it. Failed: the next press may work.
      if (!pressed.ok && pressed.code === 'bad-answer') return pressed;
    }
    await pause(CHECK_EVERY_MS, deadline);
  }
  return deadlineRefusal(deadline, stage);
}
