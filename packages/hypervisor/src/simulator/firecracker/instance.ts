// The simulated instance: Firecracker's three states, the calls allowed in each, and a guest.
import { appendFileSync } from 'node:fs';
import { type Faults, NO_FAULTS, readFaults } from '../faults.ts';
import { Guest } from '../guest.ts';
import type { HttpAnswer } from '../http.ts';

type InstanceState = 'Not started' | 'Running' | 'Paused';

export const DONE: HttpAnswer = { status: 204 };
/** 400 for every refusal, as in Firecracker. */
export const refused = (fault: string): HttpAnswer => ({ status: 400, body: { fault_message: fault } });

const BEFORE_START = 'The requested operation is not supported before starting the microVM.';
const AFTER_START = 'The requested operation is not supported after starting the microVM.';
const STDOUT = 1;

export interface BootSource {
  readonly kernel_image_path: string;
  readonly initrd_path?: string;
  readonly boot_args?: string;
}

export class Instance {
  readonly #id: string;
  readonly #logPath: string;
  readonly #config = new Map<string, object>();
  #state: InstanceState = 'Not started';
  #source: BootSource | undefined;
  #faults: Faults = NO_FAULTS;
  #guest: Guest | undefined;

  constructor(id: string, logPath: string) {
    this.#id = id;
    this.#logPath = logPath;
  }

  get faults(): Faults {
    return this.#faults;
  }

  describe(): HttpAnswer {
    const about = { app_name: 'Firecracker', id: this.#id, state: this.#state, vmm_version: '0.1.0-simulated' };
    return { status: 200, body: about };
  }

  describeConfig(): HttpAnswer {
    const source = this.#source ?? { kernel_image_path: '', initrd_path: null, boot_args: null };
    return { status: 200, body: { ...Object.fromEntries(this.#config), 'boot-source': source } };
  }

  configure(part: string, value: object): HttpAnswer {
    if (this.#state !== 'Not started') return refused(AFTER_START);
    this.#config.set(part, value);
    return DONE;
  }

  setBootSource(source: BootSource): HttpAnswer {
    const configured = this.configure('boot-source', source);
    if (configured !== DONE) return configured;
    this.#source = source;
    this.#faults = readFaults(source.boot_args ?? '');
    return DONE;
  }

  /** Undoes the boot source: for a fault injected into that call. */
  forgetBootSource(): void {
    this.#source = undefined;
  }

  start(): HttpAnswer {
    if (this.#state !== 'Not started') return refused(AFTER_START);
    if (this.#source === undefined)
      return refused('Start microvm error: Cannot start microvm without kernel configuration.');
    this.#guest = this.#switchOn();
    this.#state = 'Running';
    return DONE;
  }

  /** Idempotent. */
  setState(state: Exclude<InstanceState, 'Not started'>): HttpAnswer {
    if (this.#state === 'Not started') return refused(BEFORE_START);
    // A loaded snapshot has no guest before its resume.
    if (state === 'Running') this.#guest ??= this.#switchOn();
    if (this.#guest) this.#guest.paused = state === 'Paused';
    this.#state = state;
    return DONE;
  }

  /** The snapshot's contents. */
  save(): object | null {
    return this.#state === 'Paused' ? { source: this.#source } : null;
  }

  load(source: BootSource): HttpAnswer {
    if (this.#state !== 'Not started' || this.#config.size > 0)
      return refused('Loading a microVM snapshot not allowed after configuring boot-specific resources.');
    this.#source = source;
    this.#faults = readFaults(source.boot_args ?? '');
    this.#state = 'Paused';
    return DONE;
  }

  pressCtrlAltDel(): HttpAnswer {
    if (this.#guest === undefined) return refused(BEFORE_START);
    this.#guest.pressPowerButton();
    return DONE;
  }

  #switchOn(): Guest {
    // A restart inside the process does not exist: each guest stop ends it.
    const end = (): void => this.#stop();
    const kernelArgs = this.#source?.boot_args ?? '';
    return new Guest(
      { console: STDOUT, kernelArgs, faults: this.#faults },
      { off: end, restarted: end, panicked: () => undefined },
    );
  }

  #stop(): void {
    appendFileSync(this.#logPath, `${new Date().toISOString()} [${this.#id}:main:INFO] Vmm is stopping.\n`);
    process.exit(0);
  }
}
