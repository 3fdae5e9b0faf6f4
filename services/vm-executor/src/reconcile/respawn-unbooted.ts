// A VM before its first boot, whose process was stopped in order with the whole plane: no guest ran in it, so it has not
// crashed. It gets a new process.
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

/** Call it inside the VM's mailbox when it has no live process. `false`: not such a VM, or no process can be started. */
export const respawnUnbooted = async ({ host, processes }: RespawnDeps, vm: Vm): Promise<boolean> => {
  if (vm.state !== 'created' || !(await wasStopped(host, vm))) return false;
  // This start lacks the VM's hypervisor: the VM stays as it is, and its boot is refused for that reason.
  if (!vm.hypervisor || !host.hypervisors.has(vm.hypervisor)) return true;
  // Fails when the directory is lost, too, with its disk.
  const ensured = await processes.ensure(vm, epochOfProcess(vm), { signal: host.signal });
  if (!ensured.ok) return false;
  const { handle, launch } = ensured.process;
  const created = await processes.driverOf(vm).create(handle, launch, AbortSignal.timeout(CREATE_WITHIN_MS));
  if (!created.ok) await processes.endAll(vm);
  return created.ok;
};

/** An orderly stop of the plane removes the launch record (infra, guests.ts); a crash leaves it until it is recorded. */
const wasStopped = async ({ state }: HostDeps, vm: Vm): Promise<boolean> =>
  (await readLaunchRecord(state.directoryOf({ tenant: vm.tenant, vmId: vm.id }))).kind === 'none';
