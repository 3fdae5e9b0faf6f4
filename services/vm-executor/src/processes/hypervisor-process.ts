// Ensures the one process that a VM may have: the live one, one that survived a crash, or a new one (P5).
import type { Vm } from '@ironlog/domain';
import {
  consolePathOf,
  type FoundProcess,
  findAllByDirectory,
  type Hypervisor,
  killProcess,
  type LaunchImage,
  type LaunchSpec,
  type Outcome,
  type ProcessHandle,
  refusal,
  socketPathOf,
  type UnreadProcess,
  type VmProcesses,
  writeLaunchRecord,
} from '@ironlog/hypervisor';
import { writeEpochStart } from '../console/epoch-start.ts';
import type { HostDeps } from '../host-deps.ts';
import { keyOf } from '../vms/vm-table.ts';
import type { LiveProcess, LiveProcesses, NewProcess } from './live-processes.ts';

type Ensured = Outcome<{ readonly process: LiveProcess }>;
const processOf = ({ identity, epoch }: FoundProcess): string => `process ${identity.pid} of epoch ${epoch}`;
const nameOf = ({ identity, program }: UnreadProcess): string => `process ${identity.pid}, ${program}`;
const refOf = (vm: Vm) => ({ tenant: vm.tenant, vmId: vm.id });

export interface Ensuring {
  /** Aborts before a process is started. */
  readonly signal: AbortSignal;
  /** Called before any process is touched; throws when this executor may not touch it. Default: the caller has checked. */
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

  /** Adopts a process that outlived the executor that started it. */
  async adopt(vm: Vm, found: FoundProcess): Promise<LiveProcess> {
    const launch = this.#launchOf(vm, found.epoch);
    const handle = await this.#record(launch, found.identity);
    this.#deps.runtime.metrics.counter('ironlog_adoptions_total').inc();
    return this.#add(vm, { handle, launch });
  }

  async ensure(vm: Vm, epoch: number, { signal, stillOurs }: Ensuring): Promise<Ensured> {
    // Returning a live process touches nothing: the calls made on it check for themselves.
    const live = this.live(vm);
    if (live?.launch.epoch === epoch) return { ok: true, process: live };
    await stillOurs?.();
    // A crash may leave a process without a launch record: /proc is searched before every spawn.
    const { own, unread } = await this.#find(vm);
    const wanted = own.find((found) => found.epoch === epoch);
    for (const found of own) {
      if (found !== wanted && !(await this.#kill(found)))
        return refusal('failed', 'kill', 'an older hypervisor process does not die', processOf(found));
    }
    if (wanted) return { ok: true, process: await this.adopt(vm, wanted) };
    const [other] = unread;
    if (other) return refusal('failed', 'spawn', 'a process that may be its hypervisor lives', nameOf(other));
    return this.#spawn(vm, this.#launchOf(vm, epoch), signal);
  }

  /** Ends every process of the VM. `false`: one did not die, or one that may be the VM's was left. */
  async endAll(vm: Vm): Promise<boolean> {
    const { own, unread } = await this.#find(vm);
    const ended = await Promise.all(own.map((process) => this.#kill(process)));
    return ended.every(Boolean) && unread.length === 0;
  }

  /** Whether a process lives that may be the VM's. It is named in the log, and the VM may not be recorded as dead. */
  async mayHaveAnother(vm: Vm): Promise<boolean> {
    return (await this.#find(vm)).unread.length > 0;
  }

  async #find(vm: Vm): Promise<VmProcesses> {
    const found = await findAllByDirectory(this.#deps.state.directoryOf(refOf(vm)));
    for (const other of found.unread)
      this.#deps.runtime.logger.error(
        { tenant: vm.tenant, vmId: vm.id, pid: other.identity.pid, program: other.program },
        "a process names the VM's directory and is not known as its hypervisor; it is left, end it by hand if it is not needed",
      );
    return found;
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
    this.#beginEpoch(vm, launch);
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
    void added.ended.then(this.#deps.consoles.watch(added.launch.directory));
    return added;
  }

  /** A console that cannot be rotated keeps no VM from its process. */
  #beginEpoch({ spec }: Vm, { directory, epoch }: LaunchSpec): void {
    try {
      const position = this.#deps.consoles.beginEpoch(directory);
      if (spec?.ready) writeEpochStart(directory, epoch, position);
    } catch (err) {
      this.#deps.runtime.logger.warn({ err, directory, epoch }, 'the console of earlier epochs is not rotated');
    }
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
