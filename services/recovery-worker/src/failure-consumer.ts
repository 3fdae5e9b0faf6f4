// Each failure on record is worked until it is put right or handed to a human: the consumer's position is the work
// list, JetStream the timer, the VM's log the memory. Any look may be the first or a repeat (P6).
import { recoveryAction, type Vm } from '@ironlog/domain';
import { type Delivery, LogUnavailableError } from '@ironlog/event-log';
import { readStoredEvent, type VmEvent, type VmEventName } from '@ironlog/schemas';
import { abandon } from './abandon.ts';
import { type MendDeps, mend } from './mend.ts';
import { lookAgainMs, type Next } from './next-look.ts';

/** Other failures end a task and leave the VM as it was, or belong to the attempts that a root failure counts. */
const ROOT_FAILURES: ReadonlySet<VmEventName> = new Set([
  'create-failed',
  'boot-failed',
  'reboot-failed',
  'delete-failed',
  'crashed',
]);

const UNREADABLE_MS = 1_000;

/** Handles one delivery of the failures consumer. */
export const consumeFailure =
  (deps: MendDeps) =>
  async (delivery: Delivery): Promise<void> => {
    const read = readStoredEvent(delivery.subject, delivery.bytes);
    if (!read.ok || read.stored.kind !== 'vm') {
      // The projector keeps the message itself in quarantine (I14); here it is only not work.
      deps.metrics.counter('ironlog_quarantined_total').inc({ stream: 'EVENTS', code: 'not-an-event' });
      deps.logger.warn(
        { subject: delivery.subject, streamSequence: delivery.streamSequence },
        'not a failure: dropped',
      );
      delivery.term('not an event of this system');
      return;
    }
    const { event } = read.stored;
    if (!ROOT_FAILURES.has(event.name)) return delivery.ack();
    try {
      const next = await examine(deps, event);
      if (next.kind === 'done') await delivery.ack();
      else delivery.nak(next.afterMs);
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      deps.logger.warn(
        { err: error, eventId: event.id, waitMs: UNREADABLE_MS },
        'the log cannot be read; looking again',
      );
      delivery.nak(UNREADABLE_MS);
    }
  };

const examine = async (deps: MendDeps, event: VmEvent): Promise<Next> => {
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
      return { kind: 'again', afterMs: vm.task ? lookAgainMs(unchangedMs(vm, now), action.ms) : action.ms };
    case 'command':
      return mend(deps, { vm, failure: event, action: action.action, attempt: action.attempt });
    case 'abandon':
      return abandon(deps, { failure: event, attempts: action.attempts, actionRequired: action.actionRequired });
    default:
      return action satisfies never;
  }
};

const unchangedMs = (vm: Vm, now: Date): number =>
  vm.updatedAt === null ? 0 : now.getTime() - Date.parse(vm.updatedAt);
