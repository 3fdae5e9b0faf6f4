// A VM that waits for its first boot, and whose process was stopped in order together with the whole plane: no guest had run
// in it, so nothing has crashed, and it waits in another as it did in that one.
import type { Vm } from '@ironlog/domain';
import { readLaunchRecord } from '@ironlog/hypervisor';
import type { HostDeps } from '../host-deps.ts';
import { epochOfProcess } from '../processes/deaths.ts';
import type { HypervisorProcesses } from '../processes/hypervisor-process.ts';

export interface RespawnDeps {
  readonly host: HostDeps;
  readonly processes: HypervisorProcesses;
}

const CREATE_WITHIN_MS = 10_000;

/** Inside the VM's mailbox, when no process of it lives. `false`: it is no such VM, or it cannot have a process again. */
export const respawnUnbooted = async ({ host, processes }: RespawnDeps, vm: Vm): Promise<boolean> => {
  if (vm.state !== 'created' || !(await wasStopped(host, vm))) return false;
  // Of a hypervisor that this start has not: it waits on, and its boot is refused with that reason.
  if (!vm.hypervisor || !host.hypervisors.has(vm.hypervisor)) return true;
  // Fails where its directory is lost as well, with the disk that it was on.
  const ensured = await processes.ensure(vm, epochOfProcess(vm), { signal: host.signal });
  if (!ensured.ok) return false;
  const { handle, launch } = ensured.process;
  const created = await processes.driverOf(vm).create(handle, launch, AbortSignal.timeout(CREATE_WITHIN_MS));
  if (!created.ok) await processes.endAll(vm);
  return created.ok;
};

/** Whoever stops the plane takes the launch record away (infra, guests.ts); a crash leaves it until it is on record. */
const wasStopped = async ({ state }: HostDeps, vm: Vm): Promise<boolean> =>
  (await readLaunchRecord(state.directoryOf({ tenant: vm.tenant, vmId: vm.id }))).kind === 'none';
