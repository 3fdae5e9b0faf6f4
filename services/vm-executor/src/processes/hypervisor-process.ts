// Brings about the one process a VM may have: the live one, one that a crash left behind, or a new one (P5).
import type { Vm } from '@ironlog/domain';
import {
  consolePathOf,
  type FoundProcess,
  findByDirectory,
  type Hypervisor,
  killProcess,
  type LaunchImage,
  type LaunchSpec,
  type Outcome,
  type ProcessHandle,
  refusal,
  socketPathOf,
  writeLaunchRecord,
} from '@ironlog/hypervisor';
import type { HostDeps } from '../host-deps.ts';
import { keyOf } from '../vms/vm-table.ts';
import type { LiveProcess, LiveProcesses, NewProcess } from './live-processes.ts';

type Ensured = Outcome<{ readonly process: LiveProcess }>;
const processOf = ({ identity, epoch }: FoundProcess): string => `process ${identity.pid} of epoch ${epoch}`;
const refOf = (vm: Vm) => ({ tenant: vm.tenant, vmId: vm.id });

export interface Ensuring {
  /** Cuts it off before a process is started. */
  readonly signal: AbortSignal;
  /** Asked before any process is touched; it throws when this executor is to touch none. Default: who calls has asked. */
  readonly stillOurs?: () => Promise<void>;
}

export class HypervisorProcesses {
  readonly #deps: HostDeps;
  readonly #processes: LiveProcesses;

  constructor(deps: HostDeps, processes: LiveProcesses) {
    this.#deps = deps;
    this.#processes = processes;
  }

  live(vm: Vm): LiveProcess | undefined {
    return this.#processes.get(keyOf(refOf(vm)));
  }

  /** The driver of the VM's hypervisor. @throws Error when this host has none: admission should have refused the VM. */
  driverOf(vm: Vm): Hypervisor {
    const driver = vm.hypervisor ? this.#deps.hypervisors.get(vm.hypervisor) : undefined;
    if (!driver) throw new Error(`${vm.tenant}/${vm.id} runs on ${vm.hypervisor}, which this host does not have`);
    return driver;
  }

  /** Takes over a process that outlived the executor that started it. */
  async adopt(vm: Vm, found: FoundProcess): Promise<LiveProcess> {
    const launch = this.#launchOf(vm, found.epoch);
    const handle = await this.#record(launch, found.identity);
    this.#deps.runtime.metrics.counter('ironlog_adoptions_total').inc();
    return this.#add(vm, { handle, launch });
  }

  async ensure(vm: Vm, epoch: number, { signal, stillOurs }: Ensuring): Promise<Ensured> {
    // That it lives already touches nothing: what is then called on it asks for itself.
    const live = this.live(vm);
    if (live?.launch.epoch === epoch) return { ok: true, process: live };
    await stillOurs?.();
    // A crash may have left a process without a launch record: /proc is searched before every spawn.
    const left = await findByDirectory(this.#deps.state.directoryOf(refOf(vm)));
    const wanted = left.find((found) => found.epoch === epoch);
    for (const found of left) {
      if (found !== wanted && !(await this.#kill(found)))
        return refusal('failed', 'kill', 'an older hypervisor process does not die', processOf(found));
    }
    if (wanted) return { ok: true, process: await this.adopt(vm, wanted) };
    return this.#spawn(vm, this.#launchOf(vm, epoch), signal);
  }

  /** Ends every process of the VM. `false`: one would not die. */
  async endAll(vm: Vm): Promise<boolean> {
    const found = await findByDirectory(this.#deps.state.directoryOf(refOf(vm)));
    const ended = await Promise.all(found.map((process) => this.#kill(process)));
    return ended.every(Boolean);
  }

  async #spawn(vm: Vm, launch: LaunchSpec, signal: AbortSignal): Promise<Ensured> {
    const { fail, incarnation } = this.#deps;
    if (vm.image) {
      const there = await this.#deps.imageCache.ensure(vm.image, signal);
      if (!there.ok) return there;
    }
    await incarnation.check();
    fail('before-spawn');
    if (signal.aborted) return refusal('aborted', 'spawn', 'the task was cut off before its process was started');
    const spawned = await this.driverOf(vm).spawn(launch);
    if (!spawned.ok) return spawned;
    fail('after-spawn');
    const { identity, exited } = spawned.process;
    const handle = await this.#record(launch, identity);
    fail('after-launch-record');
    return { ok: true, process: this.#add(vm, { handle, launch, exited }) };
  }

  #add(vm: Vm, process: Omit<NewProcess, 'hypervisor'>): LiveProcess {
    const added = this.#processes.add(keyOf(refOf(vm)), { hypervisor: this.driverOf(vm), ...process });
    this.#deps.runtime.metrics.gauge('ironlog_hypervisor_processes').set(this.#processes.size);
    return added;
  }

  /** Only a hint for the next start, which looks at /proc anyway: a full disk keeps no living process from its VM. */
  async #record(launch: LaunchSpec, identity: ProcessHandle['identity']): Promise<ProcessHandle> {
    const { directory, epoch, socketPath } = launch;
    try {
      await writeLaunchRecord(directory, { ...identity, epoch, socketPath });
    } catch (err) {
      this.#deps.runtime.logger.warn({ err, directory, pid: identity.pid }, 'launch record not written');
    }
    return { directory, epoch, socketPath, identity };
  }

  #launchOf(vm: Vm, epoch: number): LaunchSpec {
    const image = this.#imageOf(vm);
    if (!vm.spec || !image)
      throw new Error(`${vm.tenant}/${vm.id} has no spec or no image on this host: admission should have refused it`);
    const { cpus, memoryMiB, kernelArgs } = vm.spec;
    const directory = this.#deps.state.directoryOf(refOf(vm));
    return {
      tenant: vm.tenant,
      vmId: vm.id,
      epoch,
      directory,
      socketPath: socketPathOf(directory, epoch),
      consolePath: consolePathOf(directory),
      spec: { cpus, memoryMiB, ...(kernelArgs === undefined ? {} : { kernelArgs }) },
      image,
    };
  }

  #imageOf(vm: Vm): LaunchImage | undefined {
    if (vm.image) return this.#deps.imageCache.launchOf(vm.image);
    const own = vm.spec?.image ? this.#deps.images.get(vm.spec.image) : this.#defaultImage(vm);
    return own?.launch;
  }

  #defaultImage(vm: Vm) {
    const fits = [...this.#deps.images.values()].filter(
      ({ listing }) => vm.hypervisor && listing.hypervisors.includes(vm.hypervisor),
    );
    return fits.find(({ listing }) => listing.default) ?? fits[0];
  }

  async #kill(found: FoundProcess): Promise<boolean> {
    this.#deps.fail('before-kill');
    const killed = await killProcess(found.identity, { graceMs: 0 });
    this.#deps.fail('after-kill');
    return killed.kind === 'dead';
  }
}
