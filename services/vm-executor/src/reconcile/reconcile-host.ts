// Reconciles this host's VMs in the log with the machine's processes at the executor's start.
import { findUnder } from '@ironlog/hypervisor';
import type { VmRef } from '../host/state-directory.ts';
import type { OpenTasks } from '../tasks/open-tasks.ts';
import type { Mailboxes } from '../vms/mailbox.ts';
import { keyOf, type VmTable } from '../vms/vm-table.ts';
import { type ReconcileVmDeps, reap, reconcileVm } from './reconcile-vm.ts';
import { concernsAllVms, type UnreconciledVms } from './unreconciled-vms.ts';

export interface ReconcileHostDeps extends ReconcileVmDeps {
  readonly vms: VmTable;
  readonly mailboxes: Mailboxes;
  readonly tasks: OpenTasks;
  readonly unreconciled: UnreconciledVms;
}

/** Only the log names VMs claimed since the last start (no directory yet) and VMs being deleted (directory gone). */
const vmsChangedSince = async (
  { host: { host, log } }: ReconcileHostDeps,
  after: number,
  until: number,
): Promise<VmRef[]> => {
  const refs: VmRef[] = [];
  if (until <= after) return refs;
  for await (const { read } of log.replay({ after, until })) {
    if (!read.ok || read.stored.kind !== 'vm') continue;
    const { event, writer } = read.stored;
    if (writer === host && (event.name === 'claimed' || event.name === 'delete-started'))
      refs.push({ tenant: event.tenant, vmId: event.subject });
  }
  return refs;
};

/**
 * Adopts, reaps, resumes. When it resolves, every VM of this host matches the log, or has a task in flight, or is queued
 * for a retry. Rejects when the log cannot be read, which concerns all VMs.
 */
export const reconcileHost = async (deps: ReconcileHostDeps, lastSequence: number): Promise<void> => {
  const { host, mailboxes, tasks, unreconciled, vms } = deps;
  const refs = new Map(
    [...host.state.vms(), ...(await vmsChangedSince(deps, host.state.host.scannedTo, lastSequence))].map((ref) => [
      keyOf(ref),
      ref,
    ]),
  );
  const running = await findUnder(host.state.path);
  await Promise.all(
    [...refs].map(async ([key, ref]) => {
      const log = await vms.get(ref);
      const own = running.filter(({ directory }) => directory === host.state.directoryOf(ref));
      await mailboxes.run(key, () => reconcileVm(deps, log, own)).catch((err: unknown) => unreconciled.add(ref, err));
      // P3: an interrupted task continues from the log.
      if (log.vm.owner === host.host && log.vm.task) tasks.resume(log);
    }),
  );
  const known = new Set([...refs.values()].map((ref) => host.state.directoryOf(ref)));
  for (const found of running) {
    if (known.has(found.directory) || !host.state.isVmFolder(found.directory)) continue;
    await host.incarnation.check();
    await reap(deps, found, 'its directory belongs to no VM of this host').catch((err: unknown) => {
      if (concernsAllVms(err)) throw err;
      host.runtime.logger.error({ err, directory: found.directory }, 'not reaped; the next start retries');
    });
  }
};
