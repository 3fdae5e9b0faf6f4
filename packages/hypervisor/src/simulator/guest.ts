// The simulated guest: its console output, and its own actions.
import { appendFileSync } from 'node:fs';
import type { Faults } from './faults.ts';

/** The guest's effects on its machine. */
export interface Power {
  readonly off: () => void;
  readonly restarted: () => void;
  readonly panicked: () => void;
}

export interface GuestSpec {
  /** A file's path, or an open descriptor. */
  readonly console: string | number | undefined;
  readonly kernelArgs: string;
  readonly faults: Faults;
}

const READY_LINE = 'ironlog-guest: ready';
const HEARTBEAT_MS = 30_000;
const PRINT_EVERY_MS = 10;
/** From the power button to power-off; a small Linux guest takes 67 ms (measured, QEMU). */
const POWEROFF_MS = 20;

export class Guest {
  readonly #spec: GuestSpec;
  readonly #power: Power;
  readonly #bootedAt = performance.now();
  readonly #timers = new Set<NodeJS.Timeout>();
  #restarted = false;
  #paused = false;
  #isPressed = false;

  constructor(spec: GuestSpec, power: Power) {
    this.#spec = spec;
    this.#power = power;
    this.#startUp();
    this.#timers.add(setInterval(() => this.#heartbeat(), HEARTBEAT_MS));
    const { guestPanicAfterMs, guestPoweroffAfterMs, guestRebootAfterMs, exitAfterMs, printBytes } = spec.faults;
    if (printBytes !== undefined) this.#timers.add(setInterval(() => this.#print(printBytes), PRINT_EVERY_MS));
    this.#after(guestPoweroffAfterMs, () => this.#powerDown());
    this.#after(guestRebootAfterMs, () => this.#reboot());
    this.#after(guestPanicAfterMs, () => this.#panic());
    this.#after(exitAfterMs, () => process.kill(process.pid, 'SIGKILL'));
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    if (!paused && this.#isPressed) this.pressPowerButton();
  }

  /** A paused guest handles it at its resume. */
  pressPowerButton(): void {
    this.#isPressed = this.#paused;
    if (this.#paused) return;
    if (this.#spec.faults.ignorePowerButton) return;
    this.#say('ironlog-guest: power button');
    this.#after(POWEROFF_MS, () => this.#powerDown());
  }

  /** Power is cut: the guest writes nothing more. */
  cutPower(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #startUp(): void {
    this.#say('Linux version 6.12.0-simulated (ironlog@simulator)');
    this.#say(`Command line: ${this.#spec.kernelArgs}`);
    this.#say('Run /init as init process');
    const { readyAfterMs } = this.#spec.faults;
    if (readyAfterMs === undefined) this.#write(READY_LINE);
    else this.#after(readyAfterMs, () => this.#write(READY_LINE));
  }

  #print(bytes: number): void {
    if (!this.#paused) this.#write('x'.repeat(Math.max(0, bytes - 1)));
  }

  #heartbeat(): void {
    if (!this.#paused) this.#say('ironlog-guest: alive');
  }

  #reboot(): void {
    if (this.#restarted) return;
    this.#restarted = true;
    this.#say('reboot: Restarting system');
    this.#startUp();
    this.#power.restarted();
  }

  #panic(): void {
    this.#say('Kernel panic - not syncing: told to');
    this.#power.panicked();
  }

  #powerDown(): void {
    this.#write('ironlog-guest: shutting down');
    this.#say('reboot: Power down');
    this.cutPower();
    this.#power.off();
  }

  #after(milliseconds: number | undefined, act: () => void): void {
    if (milliseconds !== undefined) this.#timers.add(setTimeout(act, milliseconds));
  }

  #say(line: string): void {
    const seconds = ((performance.now() - this.#bootedAt) / 1000).toFixed(6).padStart(12);
    this.#write(`[${seconds}] ${line}`);
  }

  #write(line: string): void {
    const { console } = this.#spec;
    if (console !== undefined) appendFileSync(console, `${line}\n`, { mode: 0o600 });
  }
}
