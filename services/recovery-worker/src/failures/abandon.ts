// Abandons a failure, or a guest that keeps stopping, to an operator: `cleanup-abandoned`, in the attention list until
// resolved (P8).
import type { Vm } from '@ironlog/domain';
import type { Logger, Metrics } from '@ironlog/service-kit';
import { appendAsRecovery, type RecoveryAppendDeps, type RecoveryFact } from '../vms/append-as-recovery.ts';
import { type Cause, stands } from './cause.ts';
import { withRecoverySpan } from './recovery-span.ts';
import { type Next, retryDelayMs } from './retry-delay.ts';

export interface AbandonDeps extends RecoveryAppendDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Abandoned {
  readonly vm: Vm;
  readonly cause: Cause;
  readonly attempts: number;
  readonly actionRequired: string;
}

/** The schema's limit. The action may quote a reason of that length. */
const MAX_ADVICE = 2_000;

export const abandon = async (deps: AbandonDeps, abandoned: Abandoned): Promise<Next> => {
  const { vm, cause, attempts } = abandoned;
  const ref = { tenant: cause.tenant, vmId: cause.subject };
  const attributes = { ...ref, attempts };
  const { causationid: commandId, correlationid: operationId = commandId } = cause;
  const command = commandId && operationId ? { commandId, operationId } : undefined;
  return withRecoverySpan({ cause, vm, name: 'abandon', command, attributes }, async (span) => {
    const outcome = await appendAsRecovery(deps, ref, (vm) => abandonment(vm, abandoned, span.traceparent));
    if (outcome.kind !== 'appended') {
      // A task has begun meanwhile, or the service stops: the next attempt decides again.
      return { kind: 'again', afterMs: retryDelayMs(0) };
    }
    deps.metrics.counter('ironlog_recovery_abandoned_total').inc();
    deps.logger.error(
      { ...attributes, eventId: cause.id, actionRequired: abandoned.actionRequired },
      'abandoned: an operator is needed',
    );
    return { kind: 'done' };
  });
};

const abandonment = (vm: Vm, abandoned: Abandoned, traceparent: string): RecoveryFact | undefined => {
  const { cause, attempts, actionRequired } = abandoned;
  if (!stands(vm, cause) || vm.task || vm.attention?.kind === 'cleanup-abandoned') return undefined;
  return {
    fact: {
      name: 'cleanup-abandoned',
      data: {
        failureId: cause.id,
        attempts,
        residue: [...vm.residue],
        actionRequired: actionRequired.slice(0, MAX_ADVICE),
      },
    },
    meta: {
      traceparent,
      ...(cause.correlationid === undefined ? {} : { correlationid: cause.correlationid }),
    },
  };
};
