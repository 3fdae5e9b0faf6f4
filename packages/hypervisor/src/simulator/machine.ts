// The simulated machine: states and transitions as Cloud Hypervisor has them, and a guest that writes to a console.
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type Faults, NO_FAULTS, readFaults } from './faults.ts';

export type MachineState = 'Created' | 'Running' | 'Paused' | 'Shutdown';

/** An answer: 204, or 200 with a body; `refused` becomes a 500 with the reason, as Cloud Hypervisor does. */
export type Answer = { readonly body?: object } | { readonly refused: string } | { readonly missing: string };

export interface MachineConfig {
  readonly payload?: { readonly kernel?: string; readonly cmdline?: string };
  readonly serial?: { readonly file?: string };
}

const HEARTBEAT_MS = 30_000;
/** From the power button to the guest's end, as a small Linux guest takes. */
const POWEROFF_MS = 20;

export class Machine {
  readonly #eventsFile: string;
  #state: MachineState | undefined;
  #config: MachineConfig = {};
  #heartbeat: NodeJS.Timeout | undefined;
  faults: Faults = NO_FAULTS;

  constructor(eventsFile: string) {
    this.#eventsFile = eventsFile;
  }

  info(): Answer {
    return this.#state ? { body: { config: this.#config, state: this.#state } } : { missing: 'VM is not created' };
  }

  create(config: MachineConfig): Answer {
    if (this.#state) return { refused: 'VM is already created' };
    this.#define(config, 'Created');
    return {};
  }

  boot(): Answer {
    if (this.#state !== 'Created' && this.#state !== 'Shutdown') return this.#wrong('boot');
    this.#run();
    const args = this.#config.payload?.cmdline ?? '';
    this.#console(`[    0.000000] Linux version 6.12.0-simulated\n[    0.000000] Command line: ${args}`);
    this.#console('[    0.120000] Run /init as init process\nironlog-guest: ready');
    const { poweroffAfterMs, crashAfterMs } = this.faults;
    if (poweroffAfterMs !== undefined) setTimeout(() => this.#poweroff(), poweroffAfterMs);
    if (crashAfterMs !== undefined) setTimeout(() => process.kill(process.pid, 'SIGKILL'), crashAfterMs);
    return {};
  }

  pause(): Answer {
    if (this.#state !== 'Running') return this.#wrong('pause');
    clearInterval(this.#heartbeat);
    this.#state = 'Paused';
    return {};
  }

  resume(): Answer {
    if (this.#state !== 'Paused') return this.#wrong('resume');
    this.#run();
    return {};
  }

  powerButton(): Answer {
    if (this.#state !== 'Running') return this.#wrong('power-button');
    if (!this.faults.ignorePowerButton) setTimeout(() => this.#poweroff(), POWEROFF_MS);
    return {};
  }

  snapshot(directory: string): Answer {
    if (this.#state !== 'Paused') return this.#wrong('snapshot');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(`${directory}/config.json`, JSON.stringify(this.#config), { mode: 0o600 });
    return {};
  }

  restore(config: MachineConfig): Answer {
    if (this.#state) return { refused: 'VM is already created' };
    this.#define(config, 'Paused');
    return {};
  }

  /** Says a line of the event monitor's file. */
  event(source: string, event: string): void {
    appendFileSync(
      this.#eventsFile,
      `${JSON.stringify({ timestamp: { secs: process.uptime() }, source, event })}\n\n`,
      { mode: 0o600 },
    );
  }

  #define(config: MachineConfig, state: MachineState): void {
    this.#config = config;
    this.#state = state;
    this.faults = readFaults(config.payload?.cmdline ?? '');
  }

  #run(): void {
    this.#state = 'Running';
    this.#heartbeat = setInterval(
      () => this.#console(`ironlog-guest: alive after ${Math.round(process.uptime())} s`),
      HEARTBEAT_MS,
    );
  }

  #poweroff(): void {
    if (this.#state !== 'Running') return;
    this.#console('[   12.000000] reboot: Power down');
    this.event('guest', 'shutdown');
    process.exit(0);
  }

  #console(lines: string): void {
    const file = this.#config.serial?.file;
    if (file) appendFileSync(file, `${lines}\n`, { mode: 0o600 });
  }

  #wrong(what: string): Answer {
    return this.#state ? { refused: `cannot ${what}: VM is ${this.#state}` } : { missing: 'VM is not created' };
  }
}

export const snapshotExists = (directory: string): boolean => existsSync(`${directory}/config.json`);
