// Commands undecided at their `startBy`: appends `command-expired` under the VM's expectation, so that expiry and
// intent exclude each other (P2). A later delivery finds the command decided.
import { expire, type Vm } from '@ironlog/domain';
import type { EventLog } from '@ironlog/event-log';
import type { WorkCommand } from '@ironlog/schemas';
import { appendAsRecovery, type RecoveryAppend, type RecoveryFact } from '../vms/append-as-recovery.ts';
import type { ScanDeps } from './search.ts';
import { OverdueTurns } from './tenant-turns.ts';

/** A margin for differing stream clocks: until then the executor that has the command may still expire it itself. */
const GRACE_MS = 5_000;
/** Each is a read of the log, and an append when the command is undecided. */
const PER_ROUND = 1_000;

export interface LateCommandDeps extends ScanDeps {
  readonly log: Pick<EventLog, 'append' | 'info'>;
}

/** A time, and the end of the log at that time. */
interface Mark {
  readonly atMs: number;
  readonly sequence: number;
}

/**
 * A rejection touches no VM, so no expectation prevents a rejection beside an expiry. A command is therefore expired
 * only when the read model has everything stored up to a time after its `startBy` and still has it undecided. After
 * `startBy` no host rejects it, not even one that is not the owner (`decide`).
 */
export class LateCommands {
  readonly #turns: OverdueTurns;
  #mark: Mark | undefined;

  constructor({ perRound = PER_ROUND }: { readonly perRound?: number } = {}) {
    this.#turns = new OverdueTurns(perRound);
  }

  /** One search. The first one only records the log's end. */
  async expire(deps: LateCommandDeps): Promise<void> {
    const mark = this.#mark;
    if (mark && deps.reads.position() < mark.sequence) return;
    this.#mark = { atMs: deps.clock.now().getTime(), sequence: (await deps.log.info()).lastSequence };
    if (!mark) return;
    for (const command of this.#turns.round(deps.reads, new Date(mark.atMs - GRACE_MS).toISOString()))
      if ((await expireLate(deps, command)) === 'unknown') return;
  }
}

const expireLate = async (deps: LateCommandDeps, command: WorkCommand): Promise<RecoveryAppend['kind']> => {
  const { tenant, subject: vmId, id, data } = command;
  if (deps.reads.operation(tenant, id)?.status !== 'pending') return 'skipped';
  const { kind } = await appendAsRecovery(deps, { tenant, vmId }, (vm) => expired(vm, command));
  if (kind !== 'appended') return kind;
  const { verb, startBy } = data.request;
  deps.metrics.counter('ironlog_recovery_expired_total').inc();
  deps.logger.warn({ tenant, vmId, commandId: id, verb, startBy }, 'command expired');
  return kind;
};

const expired = (vm: Vm, command: WorkCommand): RecoveryFact | undefined => {
  const { id, actor, correlationid, traceparent, data } = command;
  if (vm.commands.some((record) => record.id === id)) return undefined;
  return {
    fact: expire(vm, command, `not started by ${data.request.startBy}: no host took it in time`).fact,
    meta: { actor, causationid: id, correlationid, ...(traceparent === undefined ? {} : { traceparent }) },
  };
};
