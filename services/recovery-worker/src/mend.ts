// Sends the command that is to put a failure right to the VM's owner, in the failure's own trace and chain.
import type { Vm } from '@ironlog/domain';
import type { Action, HostId, VmEvent } from '@ironlog/schemas';
import { type Logger, type Metrics, withSpan } from '@ironlog/service-kit';
import { abandon } from './abandon.ts';
import { nextAttempt } from './attempt.ts';
import { lookAgainMs, type Next } from './next-look.ts';
import type { Reads } from './reads.ts';
import { recoveryCommand } from './recovery-command.ts';
import type { Sender } from './sender.ts';
import type { VerdictDeps } from './verdict.ts';

export interface MendDeps extends VerdictDeps {
  readonly sender: Sender;
  readonly reads: Pick<Reads, 'operation'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Damage {
  readonly vm: Vm;
  readonly failure: VmEvent;
  readonly action: Action;
  readonly attempt: number;
}

export const mend = async (deps: MendDeps, damage: Damage): Promise<Next> => {
  const { vm, failure, action } = damage;
  const attempt = nextAttempt({ ...damage, failureId: failure.id }, deps.reads, deps.clock.now().getTime());
  switch (attempt.kind) {
    case 'wait':
      return { kind: 'again', afterMs: attempt.ms };
    case 'refused': {
      const { owner, tenant, id } = vm;
      const actionRequired = `host ${owner ?? '(unknown)'} has refused ${action.verb} ${attempt.times} times (${attempt.reason}): make it possible, then send ${action.verb} for ${tenant}/${id}`;
      return abandon(deps, { failure, attempts: attempt.times, actionRequired });
    }
    case 'publish': {
      const sinceMs = deps.sender.sinceMs(vm.tenant, attempt.id);
      if (sinceMs !== undefined) return { kind: 'again', afterMs: lookAgainMs(sinceMs) };
      // A failure is folded only from a VM that a host has claimed.
      if (vm.owner === null) throw new Error(`${failure.name} of ${vm.tenant}/${vm.id}, which nobody owns`);
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

const publish = (deps: MendDeps, { vm, failure, action, attempt, id, owner }: Publication): Promise<Next> => {
  const ref = { tenant: vm.tenant, vmId: vm.id };
  const attributes = { ...ref, verb: action.verb, attempt, host: owner };
  return withSpan(
    `recover ${action.verb}`,
    { kind: 'consumer', parent: failure.traceparent, attributes },
    async ({ traceparent, fail }) => {
      const command = recoveryCommand({
        ref,
        id,
        action,
        now: deps.clock.now(),
        ifFailure: failure.id,
        correlationId: failure.correlationid,
        traceparent,
      });
      const sent = await deps.sender.send(owner, command);
      if (sent.kind === 'unknown') {
        fail(sent.cause.message);
        deps.logger.warn({ ...attributes, err: sent.cause, commandId: id }, 'not known to be published; looking again');
        return { kind: 'again', afterMs: lookAgainMs(0) };
      }
      deps.metrics.counter('ironlog_recovery_attempts_total').inc({ verb: action.verb });
      deps.logger.info({ ...attributes, commandId: id, eventId: failure.id }, 'recovery command sent');
      return { kind: 'again', afterMs: lookAgainMs(0) };
    },
  );
};
