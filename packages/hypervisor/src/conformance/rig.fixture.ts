// The rig of the conformance suite: a VM per test, drivers that are closed after it, and a VM's verbs.
import { afterEach, beforeEach } from 'vitest';
import type { LaunchSpec } from '../launch-spec.ts';
import type { Outcome } from '../outcome.ts';
import type { Hypervisor } from '../port.ts';
import type { ProcessHandle } from '../process-handle.ts';
import type { Subject } from './subject.fixture.ts';
import { type SpawnedVm, until, VmFixture, within } from './vm.fixture.ts';

export const VERBS = ['create', 'boot', 'pause', 'resume', 'shutdown'] as const;
export type PortVerb = (typeof VERBS)[number];

export const STATES = ['absent', 'created', 'running', 'paused', 'off'] as const;
export type RigState = (typeof STATES)[number];

export class Rig {
  readonly #subject: Subject;
  readonly #drivers: Hypervisor[] = [];
  vm!: VmFixture;

  constructor(subject: Subject) {
    this.#subject = subject;
    beforeEach(async () => {
      this.vm = await VmFixture.make(subject.guest);
    });
    afterEach(async () => {
      for (const driver of this.#drivers.splice(0)) await driver.close();
      await this.vm.dispose();
    });
  }

  /** A new driver without state; QEMU serves it once the earlier ones are closed. */
  driver(): Hypervisor {
    const driver = this.#subject.create();
    this.#drivers.push(driver);
    return driver;
  }

  /** Runs `work` with a driver of its own. */
  async with<T>(work: (driver: Hypervisor) => Promise<T>): Promise<T> {
    const driver = this.#subject.create();
    try {
      return await work(driver);
    } finally {
      await driver.close();
    }
  }

  stateOf(handle: ProcessHandle): Promise<string> {
    return this.with(async (driver) => {
      const seen = await driver.observe(handle, within(5000));
      return seen.ok ? seen.state : seen.code;
    });
  }

  /** A process whose VM is in that state; `off`: its guest has powered off. */
  in(state: RigState): Promise<SpawnedVm> {
    return this.with(async (driver) => {
      if (state === 'absent') return this.#answering(await this.vm.spawn(driver));
      const vm = state === 'created' ? await this.vm.spawn(driver) : await this.vm.running(driver);
      if (state === 'created') await done(driver.create(vm.handle, vm.launch, within(10_000)));
      else await this.vm.guestSays(this.#subject.readyLine);
      if (state === 'paused') await done(driver.pause(vm.handle, within(5000)));
      if (state === 'off') await done(driver.shutdown(vm.handle, within(20_000)));
      return vm;
    });
  }

  /** Its socket appears some milliseconds after the spawn. */
  async #answering(vm: SpawnedVm): Promise<SpawnedVm> {
    await until('it answers', async () => (await this.stateOf(vm.handle)) !== 'unreachable');
    return vm;
  }
}

export const act = (
  driver: Hypervisor,
  verb: PortVerb,
  { handle, launch }: { readonly handle: ProcessHandle; readonly launch: LaunchSpec },
  deadline: AbortSignal,
): Promise<Outcome> => (verb === 'create' ? driver.create(handle, launch, deadline) : driver[verb](handle, deadline));

async function done(outcome: Promise<Outcome>): Promise<void> {
  const result = await outcome;
  if (!result.ok) throw new Error(`${result.stage}: ${result.reason} (${result.detail})`);
}
