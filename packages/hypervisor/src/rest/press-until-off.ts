// A graceful shutdown over REST: the button is pressed again and again until the guest is off.
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
 * Each second, for a press before the guest listens is lost, and both hypervisors accept it either way; until the guest is
 * off or the process has ended. A paused guest is resumed first: it could not hear the button.
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
      // Refused: the guest went off in between, which the next look shows. Failed: the next press may do.
      if (!pressed.ok && pressed.code === 'bad-answer') return pressed;
    }
    await pause(CHECK_EVERY_MS, deadline);
  }
  return deadlineRefusal(deadline, stage);
}
