// Reconciles one VM: compares its log with the machine's processes and records the difference.
import type { Vm } from '@ironlog/domain';
import { type FoundProcess, killProcess } from '@ironlog/hypervisor';
import type { VmFact } from '@ironlog/schemas';
import { removeTraces, removeTracesOf } from '../effects/index.ts';
import type { HostDeps } from '../host-deps.ts';
import { detected, epochOfProcess, recordDeath } from '../processes/deaths.ts';
import type { HypervisorProcesses } from '../processes/hypervisor-process.ts';
import type { LiveProcess, ProcessEnd } from '../processes/live-processes.ts';
import { removeVmDirectory } from '../vms/vm-directory.ts';
import type { VmLog } from '../vms/vm-log.ts';
import { respawnUnbooted } from './respawn-unbooted.ts';

export interface ReconcileVmDeps {
  readonly host: HostDeps;
  readonly processes: HypervisorProcesses;
  /** What detected that the process is dead. */
  readonly detectedBy: Extract<ProcessEnd['detectedBy'], 'adoption' | 'health'>;
}

const STATES_WITH_PROCESS: readonly Vm['state'][] = ['created', 'running', 'paused'];
/** The VM should have a live process and has none, and no task is to start one. */
export const lacksProcess = (processes: Pick<HypervisorProcesses, 'live'>, vm: Vm): boolean => {
  const live = processes.live(vm);
  return vm.task === null && STATES_WITH_PROCESS.includes(vm.state) && (!live || live.isOff);
};
const OBSERVE_WITHIN_MS = 3000;

/** Call it inside the VM's mailbox. `own`: the live processes of its directory. A task in flight is left to its resumption. */
export const reconcileVm = async (deps: ReconcileVmDeps, log: VmLog, own: readonly FoundProcess[]): Promise<void> => {
  // P4: a superseded executor adopts, reaps and records nothing.
  await deps.host.incarnation.check();
  const { vm } = log;
  if (vm.owner !== deps.host.host || vm.state === 'deleted') return discard(deps, log, own);
  const wanted = wantedOf(vm, own);
  let resists = false;
  for (const found of own) {
    // A task in flight decides which process to keep; it searches /proc itself.
    if (found.identity.pid === wanted?.identity.pid || vm.task) continue;
    if (!(await reap(deps, found, `its VM is ${vm.state} at epoch ${vm.epoch}`, wanted))) resists = true;
  }
  if (vm.task) {
    if (wanted) await adopt(deps, log, wanted);
  } else if (vm.state === 'lost') await find(deps, log, wanted);
  else if (wanted) await compare(deps, log, wanted);
  else if (STATES_WITH_PROCESS.includes(vm.state)) await dead(deps, log);
  // A crash may have preceded the removal of a dead process's files.
  else if (!resists) await removeTraces(directoryOf(deps, vm));
};

const directoryOf = ({ host }: ReconcileVmDeps, { tenant, id }: Vm): string =>
  host.state.directoryOf({ tenant, vmId: id });

/** The process that the VM must have. A stopped or failed VM has none, and any left is ended. */
const wantedOf = (vm: Vm, own: readonly FoundProcess[]): FoundProcess | undefined => {
  const of = (epoch: number) => own.find((process) => process.epoch === epoch);
  // Lost before its first boot, a VM has the process of the next epoch.
  if (vm.state === 'lost') return of(vm.epoch) ?? of(vm.epoch + 1);
  // A reboot may have been interrupted before it ended the old process; that guest must still be asked to stop.
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
  // The stop is recorded first: with QEMU only the process itself reports that the guest is off.
  if (await died(deps, log, true)) await reap(deps, found, 'its guest has switched itself off');
};

/** Records what the owner of a lost VM found: the guest runs, or it has ended. */
const find = async (deps: ReconcileVmDeps, log: VmLog, found: FoundProcess | undefined): Promise<void> => {
  if (!found) return dead(deps, log);
  const observed = await observe(deps, log, await adopt(deps, log, found));
  // The process lives and does not answer: the VM stays lost until the next check.
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

/** P8: a difference is recorded before it is acted on. */
const diverged = async (deps: ReconcileVmDeps, log: VmLog, observed: string, resolution: string): Promise<void> => {
  await appendFact(deps, log, { name: 'diverged', data: { expected: log.vm.state, observed, resolution } });
  deps.host.runtime.metrics.counter('ironlog_divergences_total').inc({ resolution: 'recorded' });
};

/** Appends unless the VM has changed in between. Resolves with whether it was appended. */
const appendFact = async ({ host }: ReconcileVmDeps, log: VmLog, fact: VmFact): Promise<boolean> => {
  const { revision } = log.vm;
  const appended = await log.append((vm) =>
    vm.revision === revision ? { fact, meta: { actor: host.host } } : undefined,
  );
  return appended.kind === 'appended';
};

/** No process is left: its files show whether its guest had stopped. */
const dead = async (deps: ReconcileVmDeps, log: VmLog): Promise<void> => {
  // A process that may be its hypervisor lives: the next reconciliation decides.
  if (await deps.processes.mayHaveAnother(log.vm)) return;
  if (await respawnUnbooted(deps, log.vm)) return;
  const { vm } = log;
  const driver = vm.hypervisor ? deps.host.hypervisors.get(vm.hypervisor) : undefined;
  const left = { directory: directoryOf(deps, vm), epoch: epochOfProcess(vm) };
  await died(deps, log, (await driver?.guestHadStopped(left)) ?? false);
};

const died = ({ host, detectedBy }: ReconcileVmDeps, log: VmLog, guestStopped: boolean): Promise<boolean> =>
  recordDeath(host, log, { epoch: epochOfProcess(log.vm), processEnd: detected(guestStopped, detectedBy) });

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
    'a folder that belongs to no VM of this host holds foreign entries; it is kept, inspect it and remove it by hand',
  );
};

/**
 * Ends a process that no VM may have, and records the reason. The socket of `wanted`, its VM's own process, is kept.
 * `false`: it does not die, which is logged, and the next check retries.
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
