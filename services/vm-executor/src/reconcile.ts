// At start: what the log says of this host's VMs, what runs on the machine, and the two brought together.
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Vm } from '@ironlog/domain';
import { type FoundProcess, findUnder, killProcess } from '@ironlog/hypervisor';
import type { VmFact } from '@ironlog/schemas';
import { epochOfProcess, recordDeath } from './deaths.ts';
import { removeSockets } from './effects/index.ts';
import type { HostDeps } from './host-deps.ts';
import type { HypervisorProcesses } from './hypervisor-process.ts';
import type { Mailboxes } from './mailbox.ts';
import type { VmRef } from './state-directory.ts';
import type { TaskRunner } from './task-runner.ts';
import type { VmLog } from './vm-log.ts';
import { keyOf, type VmTable } from './vm-table.ts';

export interface ReconcileDeps {
  readonly host: HostDeps;
  readonly vms: VmTable;
  readonly mailboxes: Mailboxes;
  readonly tasks: TaskRunner;
  readonly processes: HypervisorProcesses;
}

const SHOULD_LIVE: readonly Vm['state'][] = ['created', 'running', 'paused'];
const OBSERVE_WITHIN_MS = 3000;

/** VMs claimed after the last start may have no directory yet: the log tells of them. */
const claimedSince = async ({ host: { host, log } }: ReconcileDeps, after: number, until: number): Promise<VmRef[]> => {
  const refs: VmRef[] = [];
  if (until <= after) return refs;
  for await (const { read } of log.replay({ after, until })) {
    if (!read.ok || read.stored.kind !== 'vm') continue;
    const { event } = read.stored;
    if (event.name === 'claimed' && event.data.host === host) refs.push({ tenant: event.tenant, vmId: event.subject });
  }
  return refs;
};

/** Adopts, reaps, resumes. When it resolves, every VM of this host is what the log says, or a task is making it so. */
export const reconcile = async (deps: ReconcileDeps, lastSequence: number): Promise<void> => {
  const { host, mailboxes, vms } = deps;
  const refs = new Map(
    [...host.state.vms(), ...(await claimedSince(deps, host.state.host.scannedTo, lastSequence))].map((ref) => [
      keyOf(ref),
      ref,
    ]),
  );
  const running = await findUnder(host.state.path);
  await Promise.all(
    [...refs].map(async ([key, ref]) => {
      const log = await vms.get(ref);
      const own = running.filter(({ directory }) => directory === host.state.directoryOf(ref));
      await mailboxes.run(key, () => settle(deps, log, own));
    }),
  );
  const known = new Set([...refs.values()].map((ref) => host.state.directoryOf(ref)));
  for (const found of running)
    if (!known.has(found.directory)) await reap(deps, found, 'its directory belongs to no VM of this host');
};

/** Inside the VM's mailbox. */
const settle = async (deps: ReconcileDeps, log: VmLog, own: readonly FoundProcess[]): Promise<void> => {
  const { host, mailboxes, tasks } = deps;
  const { vm } = log;
  if (vm.owner !== host.host || vm.state === 'deleted') return discard(deps, log, own);
  const wanted = own.find(({ epoch }) => epoch === epochOfProcess(vm));
  for (const found of own) {
    // While a task is in flight its effect decides what to keep; it looks at /proc itself.
    if (found === wanted || vm.task) continue;
    await reap(deps, found, `its VM is ${vm.state} at epoch ${vm.epoch}`);
  }
  if (wanted && wanted.epoch !== null && (SHOULD_LIVE.includes(vm.state) || vm.task))
    await adopt(deps, log, { ...wanted, epoch: wanted.epoch });
  else if (SHOULD_LIVE.includes(vm.state) && !vm.task) await dead(deps, log);
  // P3: a task that a crash cut off goes on where the log says it was.
  if (vm.task)
    void mailboxes
      .run(keyOf({ tenant: vm.tenant, vmId: vm.id }), () => tasks.run(log))
      .catch((err: unknown) => resumeFailed(deps, log, err));
};

const resumeFailed = ({ host }: ReconcileDeps, log: VmLog, err: unknown): void => {
  if (!host.signal.aborted)
    host.runtime.logger.error(
      { err, tenant: log.vm.tenant, vmId: log.vm.id },
      'a resumed task was cut off; it stays open in the log',
    );
};

const adopt = async (
  { host, processes }: ReconcileDeps,
  log: VmLog,
  found: FoundProcess & { readonly epoch: number },
): Promise<void> => {
  const { vm } = log;
  const { handle } = await processes.adopt(vm, found);
  host.runtime.logger.info({ tenant: vm.tenant, vmId: vm.id, epoch: found.epoch, pid: found.identity.pid }, 'adopted');
  if (vm.task) return;
  const observed = await processes.driverOf(vm).observe(handle, AbortSignal.timeout(OBSERVE_WITHIN_MS));
  if (!observed.ok || observed.state === vm.state || observed.state === 'absent' || observed.state === 'shutdown')
    return;
  await diverged(host, log, observed.state, 'left as it is; send the verb that brings it where it should be');
};

/** P8: what is found to differ is on record before anything is done about it. */
const diverged = async (host: HostDeps, log: VmLog, observed: string, resolution: string): Promise<void> => {
  const fact: VmFact = { name: 'diverged', data: { expected: log.vm.state, observed, resolution } };
  await log.append(() => ({ fact, meta: { actor: host.host } }));
  host.runtime.metrics.counter('ironlog_divergences_total').inc({ resolution: 'recorded' });
};

const dead = async ({ host }: ReconcileDeps, log: VmLog): Promise<void> => {
  const ending = {
    exit: undefined,
    guestStopped: false,
    detectedBy: 'adoption' as const,
    noticedAt: performance.now(),
  };
  await recordDeath(host, log, { epoch: epochOfProcess(log.vm), ending });
};

const discard = async (deps: ReconcileDeps, { vm }: VmLog, own: readonly FoundProcess[]): Promise<void> => {
  for (const found of own)
    await reap(deps, found, vm.state === 'deleted' ? 'its VM is deleted' : 'its VM is not of this host');
  const directory = deps.host.state.directoryOf({ tenant: vm.tenant, vmId: vm.id });
  rmSync(directory, { recursive: true, force: true });
  deps.host.runtime.metrics.counter('ironlog_reaped_total').inc({ kind: 'directory' });
};

const reap = async ({ host }: ReconcileDeps, found: FoundProcess, reason: string): Promise<void> => {
  const { pid } = found.identity;
  const killed = await killProcess(found.identity, { graceMs: 0 });
  if (killed.kind === 'alive') {
    host.runtime.logger.error({ pid, reason: killed.reason }, 'a process that no VM owns does not die');
    return;
  }
  await removeSockets(found.directory);
  host.runtime.metrics.counter('ironlog_reaped_total').inc({ kind: 'process' });
  const data = { incarnation: host.incarnation.id, pid, directory: found.directory.slice(-300), reason };
  await host.incarnation.say({ name: 'reaped', data });
  host.runtime.logger.warn({ pid, directory: dirname(found.directory), reason }, 'reaped');
};
