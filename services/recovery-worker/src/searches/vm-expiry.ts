// Deletes a VM older than its `expiresAfterSeconds`: sends its owner a delete with force.
import { deleteDueAt, type Vm } from '@ironlog/domain';
import { derivedCommandId } from '@ironlog/schemas';
import { withSpan } from '@ironlog/service-kit';
import type { Sender } from '../failures/command-publisher.ts';
import { recoveryCommand } from '../failures/recovery-command.ts';
import type { ScanDeps } from './search.ts';

export interface ExpiryDeps extends ScanDeps {
  readonly sender: Sender;
}

/** One search. The read model gives candidates; the log decides whether the VM exists and is not being deleted. */
export const deleteExpiredVms = async (deps: ExpiryDeps): Promise<void> => {
  const now = deps.clock.now();
  const until = now.toISOString();
  for (const { tenant, id: vmId } of deps.reads.expiredVms(until)) {
    const ref = { tenant, vmId };
    const vm = await deps.vms.load(ref);
    const dueAt = deleteDueAt(vm);
    if (dueAt === undefined || dueAt > until || vm.owner === null) continue;
    const { owner } = vm;
    const id = deleteId(deps, vm);
    if (deps.sender.sinceMs(ref.tenant, id) !== undefined) continue;
    const attributes = { ...ref, verb: 'delete', host: owner };
    const command = { commandId: id, operationId: id };
    await withSpan('expire', { links: [vm.commandTraceparent], attributes, command }, async ({ traceparent, fail }) => {
      const action = { verb: 'delete', params: { force: true } } as const;
      const sent = await deps.sender.send(owner, recoveryCommand({ ref, id, action, now, traceparent }));
      if (sent.kind === 'unknown') return fail(sent.cause.message);
      deps.metrics.counter('ironlog_recovery_attempts_total').inc({ verb: 'delete' });
      deps.logger.info({ ...attributes, commandId: id }, 'VM is past its time to live: deleting it');
    });
  }
};

/** One delete per VM; after an expiry or a rejection (host unavailable) a search sends the next. */
const deleteId = ({ reads }: ExpiryDeps, vm: Vm) => {
  for (let round = 0; ; round++) {
    const id = derivedCommandId('expiry', vm.tenant, vm.id, String(round));
    const known = vm.commands.some((record) => record.id === id && record.outcome !== 'open');
    const status = reads.operation(vm.tenant, id)?.status;
    if (!known && status !== 'rejected' && status !== 'expired') return id;
  }
};
