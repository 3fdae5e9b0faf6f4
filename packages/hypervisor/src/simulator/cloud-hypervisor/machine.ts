// The simulated machine: the states and transitions of Cloud Hypervisor's API description, and a guest.
import { appendFileSync } from 'node:fs';
import { type Faults, NO_FAULTS, readFaults } from '../faults.ts';
import { Guest } from '../guest.ts';

/** The target of a `Tty` console. */
const STDOUT = 1;

/** After a shutdown the state is `Created` again, as in Cloud Hypervisor since v53. */
type MachineState = 'Created' | 'Running' | 'Paused';

/** Status 204 has no body, 200 has one, all others have their reason in a JSON list, as Cloud Hypervisor's. */
export interface Answer {
  readonly status: 200 | 204 | 400 | 404 | 405 | 500;
  readonly body?: object;
}

export const DONE: Answer = { status: 204 };
export const refused = (status: Answer['status'], reason: string): Answer => ({ status, body: [reason] });

export interface MachineConfig {
  readonly payload: { readonly kernel?: string | undefined; readonly cmdline?: string | undefined };
  readonly serial?: { readonly mode?: string | undefined; readonly file?: string | undefined } | undefined;
}

interface DefinedVm {
  state: MachineState;
  readonly config: MachineConfig;
  guest: Guest | undefined;
}

export class Machine {
  readonly #eventsPath: string;
  #defined: DefinedVm | undefined;
  #faults: Faults = NO_FAULTS;

  constructor(eventsPath: string) {
    this.#eventsPath = eventsPath;
  }

  get faults(): Faults {
    return this.#faults;
  }

  info(): Answer {
    if (!this.#defined) return refused(404, 'the VM is not created');
    return { status: 200, body: { config: this.#defined.config, state: this.#defined.state } };
  }

  /** No device counts anything. */
  counters(): Answer {
    return this.#defined ? { status: 200, body: {} } : refused(500, 'the VM is not running');
  }

  create(config: MachineConfig, state: MachineState = 'Created'): Answer {
    if (this.#defined) return refused(500, 'the VM is created already');
    this.#faults = readFaults(config.payload.cmdline ?? '');
    this.#defined = { state, config, guest: undefined };
    this.event('vm', 'created');
    return DONE;
  }

  boot(): Answer {
    return this.#move(['Created'], (vm) => {
      vm.guest = this.#switchOn(vm.config);
      vm.state = 'Running';
      this.event('vm', 'booted');
    });
  }

  pause(): Answer {
    return this.#move(['Running'], (vm) => {
      if (vm.guest) vm.guest.paused = true;
      vm.state = 'Paused';
      this.event('vm', 'paused');
    });
  }

  resume(): Answer {
    // The only call that answers 404 instead of 405 where the VM is defined and not booted (API description).
    if (this.#defined && !['Running', 'Paused'].includes(this.#defined.state))
      return refused(404, `the VM is ${this.#defined.state}, not booted`);
    return this.#move(['Paused'], (vm) => {
      // A restored machine has no guest yet.
      vm.guest ??= this.#switchOn(vm.config);
      vm.guest.paused = false;
      vm.state = 'Running';
      this.event('vm', 'resumed');
    });
  }

  powerButton(): Answer {
    return this.#move(['Running'], (vm) => vm.guest?.pressPowerButton());
  }

  reboot(): Answer {
    return this.#move(['Running', 'Paused'], (vm) => {
      vm.guest?.cutPower();
      vm.guest = this.#switchOn(vm.config);
      vm.state = 'Running';
      this.event('vm', 'rebooted');
    });
  }

  shutdown(): Answer {
    return this.#move(['Running', 'Paused'], (vm) => {
      vm.guest?.cutPower();
      vm.guest = undefined;
      vm.state = 'Created';
      this.event('vm', 'shutdown');
    });
  }

  delete(): Answer {
    this.#defined?.guest?.cutPower();
    this.#defined = undefined;
    this.event('vm', 'deleted');
    return DONE;
  }

  /** A paused machine's configuration, for a snapshot; otherwise null. */
  frozen(): MachineConfig | null {
    return this.#defined?.state === 'Paused' ? this.#defined.config : null;
  }

  /** Appends to the event monitor's file in Cloud Hypervisor's format. */
  event(source: 'vm' | 'vmm' | 'guest', event: string): void {
    const timestamp = { secs: Math.floor(process.uptime()), nanos: 0 };
    const text = JSON.stringify({ timestamp, source, event, properties: null }, undefined, 2);
    appendFileSync(this.#eventsPath, `${text}\n\n`, { mode: 0o600 });
  }

  #move(from: readonly MachineState[], act: (vm: DefinedVm) => void): Answer {
    const vm = this.#defined;
    if (!vm) return refused(404, 'the VM is not created');
    if (!from.includes(vm.state)) return refused(405, `the VM is ${vm.state}, not ${from.join(' or ')}`);
    act(vm);
    return DONE;
  }

  #switchOn(config: MachineConfig): Guest {
    const kernelArgs = config.payload.cmdline ?? '';
    return new Guest(
      { console: config.serial?.mode === 'Tty' ? STDOUT : config.serial?.file, kernelArgs, faults: this.#faults },
      {
        off: () => this.#guestOff(),
        restarted: () => this.event('vm', 'rebooted'),
        panicked: () => this.event('guest', 'panic'),
      },
    );
  }

  /** As in Cloud Hypervisor: a guest's power-off ends the process. */
  #guestOff(): void {
    this.event('vm', 'shutdown');
    process.exit(0);
  }
}
