// Works each recorded failure until it is resolved or abandoned to an operator. The consumer's position is the work
// list, JetStream the timer, the VM's log the state. Every run must be idempotent (P6).
import { recoveryAction, type Vm } from '@ironlog/domain';
import { type Delivery, LogUnavailableError } from '@ironlog/event-log';
import { readStoredEvent, type VmEvent, type VmEventName } from '@ironlog/schemas';
import { abandon } from './abandon.ts';
import type { Cause } from './cause.ts';
import { type RecoverDeps, recover } from './recover.ts';
import { type Next, retryDelayMs } from './retry-delay.ts';

/** Other failures end a task and leave the VM unchanged, or belong to a root failure's attempts. */
const ROOT_FAILURES: ReadonlySet<VmEventName> = new Set([
  'create-failed',
  'boot-failed',
  'reboot-failed',
  'delete-failed',
  'crashed',
  'not-ready',
]);

const UNREADABLE_MS = 1_000;

/** A message of the failures consumer, delivered or only read. */
export type FailureMessage = Pick<Delivery, 'subject' | 'bytes' | 'streamSequence'>;

/** Handles one delivery of the failures consumer. */
export const consumeFailure =
  (deps: RecoverDeps) =>
  async (delivery: Delivery): Promise<void> => {
    const next = await handleFailure(deps, delivery);
    switch (next.kind) {
      case 'again':
        return delivery.nak(next.afterMs);
      case 'poison':
        // The projector quarantines the message (I14); here it is only skipped.
        deps.metrics.counter('ironlog_quarantined_total').inc({ stream: 'EVENTS', code: 'not-an-event' });
        return delivery.term(next.reason);
      case 'done':
        deps.fail('before-ack');
        await delivery.ack();
        return deps.fail('after-ack');
      default:
        return next satisfies never;
    }
  };

/** One run: takes the action that the VM's latest state requires, if any, and returns when to run again. */
export const handleFailure = async (deps: RecoverDeps, message: FailureMessage): Promise<Next> => {
  const { subject, bytes, streamSequence } = message;
  const read = readStoredEvent(subject, bytes);
  if (!read.ok || read.stored.kind !== 'vm') {
    deps.logger.warn({ subject, streamSequence }, 'not a failure: dropped');
    return { kind: 'poison', reason: 'not an event of this system' };
  }
  const { event } = read.stored;
  if (!ROOT_FAILURES.has(event.name)) return { kind: 'done' };
  try {
    return await examine(deps, { ...event, message: { subject } });
  } catch (error) {
    if (!(error instanceof LogUnavailableError)) throw error;
    deps.logger.warn({ err: error, eventId: event.id, waitMs: UNREADABLE_MS }, 'the log cannot be read; retrying');
    return { kind: 'again', afterMs: UNREADABLE_MS };
  }
};

const examine = async (deps: RecoverDeps, event: VmEvent & Cause): Promise<Next> => {
  const ref = { tenant: event.tenant, vmId: event.subject };
  const vm = await deps.vms.load(ref);
  const now = deps.clock.now();
  const action = recoveryAction(vm, event.id, now.toISOString());
  deps.metrics.counter('ironlog_recovery_tasks_total').inc({ decision: action.kind });
  switch (action.kind) {
    case 'resolved':
      deps.logger.info({ ...ref, eventId: event.id, type: event.name, resolution: action.reason }, 'failure resolved');
      return { kind: 'done' };
    case 'wait':
      return { kind: 'again', afterMs: vm.task ? retryDelayMs(unchangedMs(vm, now), action.ms) : action.ms };
    case 'command':
      return recover(deps, {
        vm,
        cause: event,
        voidUnless: { ifFailure: event.id },
        action: action.action,
        attempt: action.attempt,
      });
    case 'abandon':
      return abandon(deps, { vm, cause: event, attempts: action.attempts, actionRequired: action.actionRequired });
    default:
      return action satisfies never;
  }
};

const unchangedMs = (vm: Vm, now: Date): number =>
  vm.updatedAt === null ? 0 : now.getTime() - Date.parse(vm.updatedAt);
