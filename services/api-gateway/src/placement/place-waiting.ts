// Places the commands on `work.any`: at their delivery, and again after a change, until their `startBy`. Commands for a
// VM that will never exist are rejected.
import { nextRound, pendingOperation } from '@ironlog/domain';
import type { Delivery } from '@ironlog/event-log';
import { type HostId, parseWorkSubject, type WorkCommand, workCommandSchema } from '@ironlog/schemas';
import type { Reject } from '../accept/reject.ts';
import type { OperationIndex } from '../tail/operations.ts';
import type { Answer } from './deleted.ts';
import type { PlacementDeps } from './placement-deps.ts';
import type { Retries, Waiting } from './retries.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** Delay after a read or publish that failed. */
const RETRY_MS = 1_000;

export interface PlaceWaitingDeps extends PlacementDeps {
  readonly waiting: WaitingRoom;
  readonly operations: Pick<OperationIndex, 'find' | 'follow'>;
  /** For a VM that no host has and none will have. */
  readonly answerForDeleted: (command: WorkCommand) => Promise<Answer>;
  readonly reject: Reject;
  /** Whether the read model has everything stored so far, so that a missing entry does not exist. */
  readonly caughtUp: () => Promise<boolean>;
  /** Keeps the command until a change. */
  readonly retries: Pick<Retries, 'keep' | 'wake'>;
}

/** Handles one delivery of the placement consumer. */
export const placeWaiting = (deps: PlaceWaitingDeps): ((delivery: Delivery) => Promise<void>) => {
  const retry = retryWaiting(deps);
  return async (delivery) => {
    const command = commandOf(delivery);
    if (command) return retry({ command, delivery, sequence: delivery.streamSequence });
    // Only the gateway and recovery may publish here, so this is their bug: it is terminated and counted (I14).
    deps.metrics.counter('ironlog_quarantined_total').inc({ stream: 'WORK', code: 'not-a-command' });
    deps.logger.error(
      { subject: delivery.subject, streamSequence: delivery.streamSequence },
      'a message on work.any is no command',
    );
    delivery.term('not an accepted command');
  };
};

/** One attempt: the command ends, is kept until a change, or is redelivered. */
export const retryWaiting =
  (deps: PlaceWaitingDeps) =>
  async (waiting: Waiting): Promise<void> =>
    carryOut(deps, waiting, await certainTarget(deps, waiting.command));

/** Tries a create on the current hosts. `undefined`: it still waits; otherwise the action to run now. */
export const tryCreate =
  (deps: PlaceWaitingDeps) =>
  (waiting: Waiting): (() => Promise<void>) | undefined => {
    const next = nextTarget(deps, waiting.command);
    // The create itself proves that the VM was requested.
    return next === 'wait' || next === 'no-create' ? undefined : () => carryOut(deps, waiting, next);
  };

/** Whether only a suitable host can end its waiting. */
export const isStillWaiting =
  (deps: Omit<PlaceWaitingDeps, 'retries'>) =>
  (command: WorkCommand): boolean => {
    const known = knownTarget(deps, command);
    return known === 'place' || known === 'wait';
  };

const carryOut = async (deps: PlaceWaitingDeps, waiting: Waiting, next: Certain): Promise<void> => {
  const { command, delivery } = waiting;
  const { tenant, id, subject: vmId, data } = command;
  if (next === 'unsure') return delivery.nak(RETRY_MS);
  if (next === 'no-host' && !(await isEnded(deps, command))) return delivery.nak(RETRY_MS);
  if (next === 'drop' || next === 'no-host') {
    deps.waiting.leave(tenant, id);
    await delivery.ack();
    return;
  }
  if (next === 'wait') {
    if (data.action.verb === 'create') {
      // A delete that cancels it needs its data, though the read model may not have it yet.
      deps.operations.follow(pendingOperation(command));
      deps.waiting.enter(tenant, id, data.action.params.spec);
      deps.vmLocation.pending(tenant, vmId, { kind: 'pending', target: 'any', createId: id });
    }
    deps.retries.keep(waiting);
    return;
  }
  const published = await deps.queue.publish(next, nextRound(command), deps.signal);
  if (published.kind === 'unknown') return delivery.nak(RETRY_MS);
  deps.waiting.leave(tenant, id);
  deps.metrics.counter('ironlog_placements_total').inc({ outcome: 'placed-after-waiting' });
  if (data.action.verb === 'create') {
    deps.vmLocation.pending(tenant, vmId, { kind: 'pending', target: next, createId: id });
    deps.retries.wake(tenant, vmId);
  }
  await delivery.ack();
};

/** P2: no other part ends the commands queued for a VM that will never exist. False: that is not certain yet. */
const isEnded = async (deps: PlaceWaitingDeps, command: WorkCommand): Promise<boolean> => {
  if (deps.operations.find(command.tenant, command.id)?.finishedAt) return true;
  const answer = await deps.answerForDeleted(command);
  const ended = answer.kind === 'refused' ? await deps.reject(command, answer.rejection, deps.signal) : answer;
  if (ended.kind === 'unknown') return false;
  deps.operations.follow(ended.operation);
  return true;
};

/** `no-host`: no host has the VM, and none will. `no-create`: no create of it is known, either. */
type Next = HostId | 'wait' | 'drop' | 'no-host' | 'no-create';
/** `unsure`: whether a create of the VM exists is not known yet. */
type Certain = Exclude<Next, 'no-create'> | 'unsure';

/** A failed create also ends the commands queued behind it, unless there is another create of the VM. */
const certainTarget = async (deps: PlaceWaitingDeps, command: WorkCommand): Promise<Certain> => {
  const known = nextTarget(deps, command);
  if (known !== 'no-create') return known;
  if (!(await deps.caughtUp())) return 'unsure';
  const read = nextTarget(deps, command);
  return read === 'no-create' ? 'no-host' : read;
};

const nextTarget = (deps: PlaceWaitingDeps, command: WorkCommand): Next => {
  const known = knownTarget(deps, command);
  const { action } = command.data;
  if (known !== 'place' || action.verb !== 'create') return known === 'place' ? 'wait' : known;
  const { tenant, subject: vmId, data } = command;
  const placed = deps.hosts.place(action.params.spec, { tenant, vmId }, data.image);
  return placed.kind === 'placed' ? placed.host : 'wait';
};

/** `place`: a create that needs a host. */
const knownTarget = (
  deps: Pick<PlaceWaitingDeps, 'waiting' | 'operations' | 'clock' | 'vmLocation'>,
  { tenant, subject, id, data }: WorkCommand,
): Next | 'place' => {
  // P2: after a lost ack, a command with an outcome (rejected by its host) must not run.
  if (deps.waiting.isOver(tenant, id) || deps.operations.find(tenant, id)?.finishedAt) return 'drop';
  // After its `startBy` it is recovery's: it appends the expiry under the VM's expectation, which this service may not.
  if (Date.parse(data.request.startBy) <= deps.clock.now().getTime()) return 'drop';
  const where = deps.vmLocation.find(tenant, subject);
  if (where?.kind === 'owned') return where.host;
  if (where?.kind === 'cancelled') return 'no-host';
  if (where && where.target !== 'any') return where.target;
  if (data.action.verb !== 'create') return where ? 'wait' : 'no-create';
  return 'place';
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
    // Not JSON: the result is `undefined`, and the caller counts it.
    return undefined;
  }
};
