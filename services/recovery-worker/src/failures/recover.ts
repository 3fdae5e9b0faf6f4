// Sends the command for a failure or a guest's stop to the VM's owner, in the trace and chain of its cause.
import type { Vm } from '@ironlog/domain';
import type { Action, HostId } from '@ironlog/schemas';
import type { Logger, Metrics } from '@ironlog/service-kit';
import type { Reads } from '../searches/reads.ts';
import type { RecoveryAppendDeps } from '../vms/append-as-recovery.ts';
import { abandon } from './abandon.ts';
import { nextAttempt } from './attempt.ts';
import type { Cause, VoidUnless } from './cause.ts';
import type { Sender } from './command-publisher.ts';
import { recoveryCommand } from './recovery-command.ts';
import { withRecoverySpan } from './recovery-span.ts';
import { type Next, retryDelayMs } from './retry-delay.ts';

export interface RecoverDeps extends RecoveryAppendDeps {
  readonly sender: Sender;
  readonly reads: Pick<Reads, 'operation'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Damage {
  readonly vm: Vm;
  readonly cause: Cause;
  readonly voidUnless: VoidUnless;
  readonly action: Action;
  readonly attempt: number;
}

export const recover = async (deps: RecoverDeps, damage: Damage): Promise<Next> => {
  const { vm, cause, action } = damage;
  const attempt = nextAttempt({ ...damage, causeId: cause.id }, deps.reads, deps.clock.now().getTime());
  switch (attempt.kind) {
    case 'wait':
      return { kind: 'again', afterMs: attempt.ms };
    case 'refused': {
      const { owner, tenant, id } = vm;
      const actionRequired = `host ${owner ?? '(unknown)'} has refused ${action.verb} ${attempt.times} times (${attempt.reason}): make it possible, then send ${action.verb} for ${tenant}/${id}`;
      return abandon(deps, { vm, cause, attempts: attempt.times, actionRequired });
    }
    case 'publish': {
      const sinceMs = deps.sender.sinceMs(vm.tenant, attempt.id);
      if (sinceMs !== undefined) return { kind: 'again', afterMs: retryDelayMs(sinceMs) };
      // Both events are folded only for a VM that a host has claimed.
      if (vm.owner === null) throw new Error(`${cause.name} of ${vm.tenant}/${vm.id}, which has no owner`);
      return publish(deps, { ...damage, id: attempt.id, owner: vm.owner });
    }
    default:
      return attempt satisfies never;
  }
};

type Publication = Damage & {
  readonly id: Extract<ReturnType<typeof nextAttempt>, { kind: 'publish' }>['id'];
  readonly owner: HostId;
};

const publish = (deps: RecoverDeps, publication: Publication): Promise<Next> => {
  const { vm, cause, voidUnless, action, attempt, id, owner } = publication;
  const ref = { tenant: vm.tenant, vmId: vm.id };
  const attributes = { ...ref, verb: action.verb, attempt, host: owner };
  const chain = { commandId: id, operationId: cause.correlationid ?? id };
  return withRecoverySpan(
    { cause, vm, name: `recover ${action.verb}`, command: chain, attributes },
    async ({ traceparent, fail }) => {
      const command = recoveryCommand({
        ref,
        id,
        action,
        now: deps.clock.now(),
        voidUnless,
        correlationId: cause.correlationid,
        traceparent,
      });
      const sent = await deps.sender.send(owner, command);
      if (sent.kind === 'unknown') {
        fail(sent.cause.message);
        deps.logger.warn({ ...attributes, err: sent.cause, commandId: id }, 'not known to be published; retrying');
        return { kind: 'again', afterMs: retryDelayMs(0) };
      }
      deps.metrics.counter('ironlog_recovery_attempts_total').inc({ verb: action.verb });
      deps.logger.info({ ...attributes, commandId: id, eventId: cause.id }, 'recovery command sent');
      return { kind: 'again', afterMs: retryDelayMs(0) };
    },
  );
};
