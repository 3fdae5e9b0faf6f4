// One VM, looked at again: what the log says of it and what runs on the machine, brought together, on record.
import type { Vm } from '@ironlog/domain';
import { type FoundProcess, killProcess } from '@ironlog/hypervisor';
import type { VmFact } from '@ironlog/schemas';
import { removeTraces, removeTracesOf } from '../effects/index.ts';
import type { HostDeps } from '../host-deps.ts';
import { epochOfProcess, noticed, recordDeath } from '../processes/deaths.ts';
import type { HypervisorProcesses } from '../processes/hypervisor-process.ts';
import type { LiveProcess, ProcessEnd } from '../processes/live-processes.ts';
import { removeVmDirectory } from '../vms/vm-directory.ts';
import type { VmLog } from '../vms/vm-log.ts';
import { respawnUnbooted } from './respawn-unbooted.ts';

export interface ReconcileVmDeps {
  readonly host: HostDeps;
  readonly processes: HypervisorProcesses;
  /** By whom a process that is not there is found dead. */
  readonly detectedBy: Extract<ProcessEnd['detectedBy'], 'adoption' | 'health'>;
}

const STATES_WITH_PROCESS: readonly Vm['state'][] = ['created', 'running', 'paused'];
/** No task is to bring it one, and it should have one, with a guest that is not off. */
export const lacksProcess = (processes: Pick<HypervisorProcesses, 'live'>, vm: Vm): boolean => {
  const live = processes.live(vm);
  return vm.task === null && STATES_WITH_PROCESS.includes(vm.state) && (!live || live.isOff);
};
const OBSERVE_WITHIN_MS = 3000;

/** Inside the VM's mailbox. `own`: the live processes of its directory. A task in flight is left for its resumption. */
export const reconcileVm = async (deps: ReconcileVmDeps, log: VmLog, own: readonly FoundProcess[]): Promise<void> => {
  // P4: who is superseded adopts, reaps and tells nothing any more.
  await deps.host.incarnation.check();
  const { vm } = log;
  if (vm.owner !== deps.host.host || vm.state === 'deleted') return discard(deps, log, own);
  const wanted = wantedOf(vm, own);
  let resists = false;
  for (const found of own) {
    // While a task is in flight its effect decides what to keep; it looks at /proc itself.
    if (found.identity.pid === wanted?.identity.pid || vm.task) continue;
    if (!(await reap(deps, found, `its VM is ${vm.state} at epoch ${vm.epoch}`, wanted))) resists = true;
  }
  if (vm.task) {
    if (wanted) await adopt(deps, log, wanted);
  } else if (vm.state === 'lost') await find(deps, log, wanted);
  else if (wanted) await compare(deps, log, wanted);
  else if (STATES_WITH_PROCESS.includes(vm.state)) await dead(deps, log);
  // A crash may have come between an end on record and the removal of what the process had left.
  else if (!resists) await removeTraces(directoryOf(deps, vm));
};

const directoryOf = ({ host }: ReconcileVmDeps, { tenant, id }: Vm): string =>
  host.state.directoryOf({ tenant, vmId: id });

/** The process that the VM is to have; one that has stopped or failed has none, and what is left of it is ended. */
const wantedOf = (vm: Vm, own: readonly FoundProcess[]): FoundProcess | undefined => {
  const of = (epoch: number) => own.find((process) => process.epoch === epoch);
  // Lost before its first boot, a VM waits in the process of the epoch to come.
  if (vm.state === 'lost') return of(vm.epoch) ?? of(vm.epoch + 1);
  // A reboot may have been cut off before its end of the old process: that one's guest is still to be asked.
  if (vm.task?.verb === 'reboot') return of(vm.epoch) ?? of(vm.epoch - 1);
  return vm.task || STATES_WITH_PROCESS.includes(vm.state) ? of(epochOfProcess(vm)) : undefined;
};

const adopt = async (
  { host, processes }: ReconcileVmDeps,
  { vm }: VmLog,
  found: FoundProcess,
): Promise<LiveProcess> => {
  const live = processes.live(vm);
  if (live?.launch.epoch === found.epoch) return live;
  const adopted = await processes.adopt(vm, found);
  host.runtime.logger.info({ tenant: vm.tenant, vmId: vm.id, epoch: found.epoch, pid: found.identity.pid }, 'adopted');
  return adopted;
};

const observe = async ({ processes }: ReconcileVmDeps, { vm }: VmLog, { handle }: Pick<LiveProcess, 'handle'>) =>
  processes.driverOf(vm).observe(handle, AbortSignal.timeout(OBSERVE_WITHIN_MS));

const compare = async (deps: ReconcileVmDeps, log: VmLog, found: FoundProcess): Promise<void> => {
  const observed = await observe(deps, log, await adopt(deps, log, found));
  if (!observed.ok || observed.state === log.vm.state || observed.state === 'absent') return;
  if (observed.state !== 'shutdown')
    return diverged(deps, log, observed.state, 'left as it is; send the verb that brings it where it should be');
  // On record first: for QEMU the process itself is what tells of it.
  if (await died(deps, log, true)) await reap(deps, found, 'its guest has switched itself off');
};

/** The owner of a lost VM is back, and says what it found; the guest ran on, or it ended meanwhile. */
const find = async (deps: ReconcileVmDeps, log: VmLog, found: FoundProcess | undefined): Promise<void> => {
  if (!found) return dead(deps, log);
  const observed = await observe(deps, log, await adopt(deps, log, found));
  // It lives and does not tell: the VM stays lost, and the next look may learn more.
  if (!observed.ok || observed.state === 'unknown') return;
  const { epoch } = log.vm;
  if (observed.state === 'running' || observed.state === 'paused') {
    await appendFact(deps, log, { name: 'found', data: { observed: observed.state, epoch } });
    return;
  }
  const isOnRecord =
    observed.state === 'shutdown'
      ? await died(deps, log, true)
      : await appendFact(deps, log, { name: 'found', data: { observed: 'stopped', epoch } });
  if (isOnRecord) await reap(deps, found, `its VM was lost, and its guest is ${observed.state}`);
};

/** P8: what is found to differ is on record before anything is done about it. */
const diverged = async (deps: ReconcileVmDeps, log: VmLog, observed: string, resolution: string): Promise<void> => {
  await appendFact(deps, log, { name: 'diverged', data: { expected: log.vm.state, observed, resolution } });
  deps.host.runtime.metrics.counter('ironlog_divergences_total').inc({ resolution: 'recorded' });
};

/** Unless something else was said of the VM while it was looked at. Resolves with whether it was said. */
const appendFact = async ({ host }: ReconcileVmDeps, log: VmLog, fact: VmFact): Promise<boolean> => {
  const { revision } = log.vm;
  const appended = await log.append((vm) =>
    vm.revision === revision ? { fact, meta: { actor: host.host } } : undefined,
  );
  return appended.kind === 'appended';
};

/** No process is left: whether its guest had stopped is asked of what the process left behind. */
const dead = async (deps: ReconcileVmDeps, log: VmLog): Promise<void> => {
  // One that may be its hypervisor lives: the next look may tell.
  if (await deps.processes.mayHaveAnother(log.vm)) return;
  if (await respawnUnbooted(deps, log.vm)) return;
  const { vm } = log;
  const driver = vm.hypervisor ? deps.host.hypervisors.get(vm.hypervisor) : undefined;
  const left = { directory: directoryOf(deps, vm), epoch: epochOfProcess(vm) };
  await died(deps, log, (await driver?.guestHadStopped(left)) ?? false);
};

const died = ({ host, detectedBy }: ReconcileVmDeps, log: VmLog, guestStopped: boolean): Promise<boolean> =>
  recordDeath(host, log, { epoch: epochOfProcess(log.vm), ending: noticed(guestStopped, detectedBy) });

const discard = async (deps: ReconcileVmDeps, { vm }: VmLog, own: readonly FoundProcess[]): Promise<void> => {
  for (const found of own)
    await reap(deps, found, vm.state === 'deleted' ? 'its VM is deleted' : 'its VM is not of this host');
  const directory = directoryOf(deps, vm);
  const foreignEntries = removeVmDirectory(directory);
  if (foreignEntries.length === 0)
    return deps.host.runtime.metrics.counter('ironlog_reaped_total').inc({ kind: 'directory' });
  deps.host.runtime.metrics.counter('ironlog_divergences_total').inc({ resolution: 'left' });
  deps.host.runtime.logger.error(
    { directory, foreignEntries: foreignEntries.slice(0, 10) },
    'a folder that belongs to no VM of this host holds what it has not made; it is left, look at it and remove it by hand',
  );
};

/**
 * Ends a process that no VM is to have, and says why; what `wanted`, its VM's own, listens on is left. `false`: it does
 * not die, which is logged, and it is met again at the next look.
 */
export const reap = async (
  { host }: Pick<ReconcileVmDeps, 'host'>,
  found: FoundProcess,
  reason: string,
  wanted?: FoundProcess,
): Promise<boolean> => {
  const { pid } = found.identity;
  const killed = await killProcess(found.identity, { graceMs: 0 });
  if (killed.kind === 'alive') {
    host.runtime.logger.error({ pid, reason: killed.reason }, 'a process that no VM owns does not die');
    return false;
  }
  if (found.epoch !== wanted?.epoch) await removeTracesOf(found.directory, found.epoch);
  host.runtime.metrics.counter('ironlog_reaped_total').inc({ kind: 'process' });
  const data = { incarnation: host.incarnation.id, pid, directory: host.state.nameOf(found.directory), reason };
  await host.incarnation.append({ name: 'reaped', data });
  host.runtime.logger.warn({ pid, directory: found.directory, reason }, 'reaped');
  return true;
};
