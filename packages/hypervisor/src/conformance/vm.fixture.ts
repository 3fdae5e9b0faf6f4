// A VM on real processes for tests: its directory, its launches, and a cleanup that leaves nothing behind.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tenantId, vmId } from '@ironlog/schemas';
import { consolePathOf, type LaunchSpec, socketPathOf } from '../launch-spec.ts';
import type { Hypervisor, ProcessEvent } from '../port.ts';
import type { ProcessExit } from '../process/exit/exit-status.ts';
import { killProcess } from '../process/exit/kill.ts';
import { findByDirectory } from '../process/table/find.ts';
import type { ProcessHandle } from '../process-handle.ts';
import type { Guest } from './subject.fixture.ts';

export const within = (milliseconds: number): AbortSignal => AbortSignal.timeout(milliseconds);

/** Waits for a condition, bounded; the timeout's error names the condition. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  milliseconds = 20_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${milliseconds} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Stops a process until SIGCONT: waits for all of its threads, which stop one after another. */
export async function halt(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const states = async (): Promise<string[]> => {
    const threads = await readdir(`/proc/${pid}/task`);
    const stats = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
    return stats.map((stat) => stat.slice(stat.lastIndexOf(')') + 2).charAt(0));
  };
  await until('every thread is stopped', async () => (await states()).every((state) => state === 'T'));
}

/** An emulated guest boots in 2 s on an idle machine, in half a minute on a busy one. */
const GUEST_WITHIN_MS = 50_000;

export interface SpawnedVm {
  readonly launch: LaunchSpec;
  readonly handle: ProcessHandle;
  readonly exited: Promise<ProcessExit>;
}

export class VmFixture {
  readonly directory: string;
  readonly #guest: Guest;

  private constructor(directory: string, guest: Guest) {
    this.directory = directory;
    this.#guest = guest;
  }

  static async make(guest: Guest): Promise<VmFixture> {
    return new VmFixture(await mkdtemp(join(tmpdir(), 'ironlog-vm-')), guest);
  }

  launch(epoch = 1, kernelArgs = this.#guest.kernelArgs ?? ''): LaunchSpec {
    return {
      tenant: tenantId('acme'),
      vmId: vmId('vm-1'),
      epoch,
      directory: this.directory,
      socketPath: socketPathOf(this.directory, epoch),
      consolePath: consolePathOf(this.directory),
      spec: { cpus: 1, memoryMiB: 128, kernelArgs },
      image: this.#guest.image,
    };
  }

  async spawn(hypervisor: Hypervisor, launch = this.launch()): Promise<SpawnedVm> {
    const spawned = await hypervisor.spawn(launch);
    if (!spawned.ok) throw new Error(`spawn: ${spawned.reason}`);
    const { epoch, directory, socketPath } = launch;
    const { identity, exited } = spawned.process;
    return { launch, exited, handle: { directory, epoch, socketPath, identity } };
  }

  /** Spawned, created and booted; the guest may not have printed yet. */
  async running(hypervisor: Hypervisor, kernelArgs?: string): Promise<SpawnedVm> {
    const vm = await this.spawn(hypervisor, this.launch(1, kernelArgs));
    const created = await hypervisor.create(vm.handle, vm.launch, within(10_000));
    if (!created.ok) throw new Error(`create: ${created.reason}`);
    const booted = await hypervisor.boot(vm.handle, within(10_000));
    if (!booted.ok) throw new Error(`boot: ${booted.reason}`);
    return vm;
  }

  console(): Promise<string> {
    return readFile(consolePathOf(this.directory), 'utf8');
  }

  async guestSays(line: string): Promise<void> {
    await until(`the console holds "${line}"`, async () => (await this.console()).includes(line), GUEST_WITHIN_MS);
  }

  async dispose(): Promise<void> {
    for (const { identity } of await findByDirectory(this.directory)) await killProcess(identity, { graceMs: 0 });
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A report function that records its events. */
export function recorder(): { readonly events: ProcessEvent[]; readonly report: (event: ProcessEvent) => void } {
  const events: ProcessEvent[] = [];
  return { events, report: (event) => events.push(event) };
}
