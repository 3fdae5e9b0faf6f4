// Places what waits on `work.any`: tried at each delivery, and again after a short delay, until its `startBy`. What waits
// there for a VM that will never be is answered.
import { nextRound, pendingOperation } from '@ironlog/domain';
import type { Delivery } from '@ironlog/event-log';
import { type HostId, parseWorkSubject, type WorkCommand, workCommandSchema } from '@ironlog/schemas';
import type { Reject } from '../accept/reject.ts';
import type { OperationIndex } from '../tail/operations.ts';
import type { Answer } from './deleted.ts';
import type { PlacementDeps } from './placement-deps.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** Between two tries; a host's heartbeat comes every few seconds. */
const RETRY_MS = 1_000;

export interface PlaceWaitingDeps extends PlacementDeps {
  readonly waiting: WaitingRoom;
  readonly operations: Pick<OperationIndex, 'find' | 'follow'>;
  /** Of a VM that no host has and none will have. */
  readonly answerForDeleted: (command: WorkCommand) => Promise<Answer>;
  readonly reject: Reject;
  /** Whether the read model knows all that is on record by now, so that what it does not know is not there. */
  readonly caughtUp: () => Promise<boolean>;
}

/** Handles one delivery of the placement consumer. */
export const placeWaiting =
  (deps: PlaceWaitingDeps) =>
  async (delivery: Delivery): Promise<void> => {
    const command = commandOf(delivery);
    if (!command) {
      // Only the gateway and recovery may publish here, so this is a bug of theirs: kept out of the way and counted (I14).
      deps.metrics.counter('ironlog_quarantined_total').inc({ stream: 'WORK', code: 'not-a-command' });
      deps.logger.error(
        { subject: delivery.subject, streamSequence: delivery.streamSequence },
        'a message on work.any is no command',
      );
      delivery.term('not an accepted command');
      return;
    }
    const { tenant, id, subject: vmId, data } = command;
    const next = await certainTarget(deps, command);
    if (next === 'nobody' && !(await isEnded(deps, command))) return delivery.nak(RETRY_MS);
    if (next === 'drop' || next === 'nobody') {
      deps.waiting.leave(tenant, id);
      await delivery.ack();
      return;
    }
    if (next === 'wait') {
      if (data.action.verb === 'create') {
        // A delete that cancels it must be able to tell of it, though the read model may not have seen it.
        deps.operations.follow(pendingOperation(command));
        deps.waiting.enter(tenant, id, data.action.params.spec);
        deps.vmLocation.pending(tenant, vmId, { kind: 'pending', target: 'any', createId: id });
      }
      delivery.nak(RETRY_MS);
      return;
    }
    const published = await deps.queue.publish(next, nextRound(command), deps.signal);
    if (published.kind === 'unknown') return delivery.nak(RETRY_MS);
    deps.waiting.leave(tenant, id);
    deps.metrics.counter('ironlog_placements_total').inc({ outcome: 'placed-after-waiting' });
    if (data.action.verb === 'create')
      deps.vmLocation.pending(tenant, vmId, { kind: 'pending', target: next, createId: id });
    await delivery.ack();
  };

/** P2: what was queued for a VM that will never be has nobody else to end it; false: it is not certain yet. */
const isEnded = async (deps: PlaceWaitingDeps, command: WorkCommand): Promise<boolean> => {
  if (deps.operations.find(command.tenant, command.id)?.finishedAt) return true;
  const answer = await deps.answerForDeleted(command);
  const ended = answer.kind === 'refused' ? await deps.reject(command, answer.rejection, deps.signal) : answer;
  if (ended.kind === 'unknown') return false;
  deps.operations.follow(ended.operation);
  return true;
};

/** `nobody`: no host has the VM, and none will have it. `unasked`: nor do we know of anybody who asks for it. */
type Next = HostId | 'wait' | 'drop' | 'nobody' | 'unasked';

/** A create that came to nothing takes what was queued behind it along, unless the VM has been asked for again. */
const certainTarget = async (deps: PlaceWaitingDeps, command: WorkCommand): Promise<Exclude<Next, 'unasked'>> => {
  const known = nextTarget(deps, command);
  if (known !== 'unasked') return known;
  if (!(await deps.caughtUp())) return 'wait';
  const read = nextTarget(deps, command);
  return read === 'unasked' ? 'nobody' : read;
};

const nextTarget = (deps: PlaceWaitingDeps, { tenant, subject, id, data }: WorkCommand): Next => {
  // P2: what has its outcome (rejected by the host it was placed on) must not be carried out after all, when an ack was lost.
  if (deps.waiting.isOver(tenant, id) || deps.operations.find(tenant, id)?.finishedAt) return 'drop';
  // Past its time it is recovery's: it writes the expiry under the VM's expectation, which this service may not.
  if (Date.parse(data.request.startBy) <= deps.clock.now().getTime()) return 'drop';
  const where = deps.vmLocation.find(tenant, subject);
  if (where?.kind === 'owned') return where.host;
  if (where?.kind === 'cancelled') return 'nobody';
  if (where && where.target !== 'any') return where.target;
  if (data.action.verb !== 'create') return where ? 'wait' : 'unasked';
  const placed = deps.hosts.place(data.action.params.spec);
  return placed.kind === 'placed' ? placed.host : 'wait';
};

const commandOf = ({ subject, bytes }: Delivery): WorkCommand | undefined => {
  const address = parseWorkSubject(subject);
  const command = readWorkCommand(bytes);
  const agrees = address && command && command.tenant === address.tenant && command.subject === address.vmId;
  return agrees && command.data.action.verb === address.verb ? command : undefined;
};

/** `undefined`: the bytes are no accepted command. */
export const readWorkCommand = (bytes: Uint8Array): WorkCommand | undefined => {
  try {
    return workCommandSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    // Not JSON, which is what `undefined` says; the caller counts it.
    return undefined;
  }
};
