// One VM's aggregate and this host's only way to append to it: append under expectation, fold others' entries, retry.
import { type EventMeta, evolve, initialVm, nextEvent, type Vm } from '@ironlog/domain';
import type { EventLog, Recorded } from '@ironlog/event-log';
import { type HostId, newEventId, type VmFact, vmEventSubject, vmFilter } from '@ironlog/schemas';
import type { VmRef } from '../host/state-directory.ts';

export type Meta = Omit<EventMeta, 'id' | 'time' | 'writer'>;

/** The fact to append for the VM's current state; `undefined`: none any more. */
export type DecideFact = (vm: Vm) => { readonly fact: VmFact; readonly meta: Meta } | undefined;

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly fact: VmFact; readonly vm: Vm }
  | { readonly kind: 'skipped'; readonly vm: Vm };

export interface VmLogDeps {
  readonly log: EventLog;
  readonly host: HostId;
  readonly now: () => Date;
  /** Ends the retries of an append when the service stops. */
  readonly signal: AbortSignal;
  readonly onChange: (before: Vm, after: Vm) => void;
}

/** The append's result is unknown because the service is stopping: the next start reads it from the log. */
export class OutcomeUnknown extends Error {}

/** Every reader must fold what this process appends: an ignored event is a bug in `decide` or an effect. */
export class NotFolded extends Error {}

export class VmLog {
  readonly #deps: VmLogDeps;
  #vm: Vm;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(deps: VmLogDeps, vm: Vm) {
    this.#deps = deps;
    this.#vm = vm;
  }

  /** Folds the VM's entries on top of `snapshot`. */
  static async load(deps: VmLogDeps, ref: VmRef, snapshot: Vm | undefined): Promise<VmLog> {
    const log = new VmLog(deps, snapshot ?? initialVm(ref.tenant, ref.vmId));
    await log.refresh();
    return log;
  }

  get vm(): Vm {
    return this.#vm;
  }

  /** Waits for its turn: an own append in flight must get its answer before the log is read. */
  refresh(): Promise<Vm> {
    return this.#inTurn(async () => {
      this.#fold(await this.#deps.log.readSince(vmFilter(this.#vm.tenant, this.#vm.id), this.#vm.sequence));
      return this.#vm;
    });
  }

  /** Resolves when every append in flight is stored, refused, or abandoned. */
  async drained(): Promise<void> {
    await this.#turn;
  }

  /** One writer at a time within this process; the expectation detects others (P4). */
  append(decideFact: DecideFact): Promise<AppendOutcome> {
    return this.#inTurn(() => this.#append(decideFact));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #append(decideFact: DecideFact): Promise<AppendOutcome> {
    const { log, host, now, signal } = this.#deps;
    for (;;) {
      const append = decideFact(this.#vm);
      if (!append) return { kind: 'skipped', vm: this.#vm };
      const event = nextEvent(this.#vm, append.fact, {
        ...append.meta,
        id: newEventId(),
        time: now().toISOString(),
        writer: host,
      });
      const { tenant, id, sequence } = this.#vm;
      const subject = vmEventSubject(tenant, id, host, append.fact.name);
      const result = await log.append({ subject, event, filter: vmFilter(tenant, id), expected: sequence, signal });
      if (result.kind === 'unknown')
        throw new OutcomeUnknown(`${append.fact.name} of ${tenant}/${id}: ${result.cause.message}`);
      if (result.kind === 'conflict') {
        this.#fold(result.entries);
        continue;
      }
      const evolved = evolve(this.#vm, { sequence: result.sequence, hash: result.hash, writer: host, event });
      if (evolved.kind === 'ignored')
        throw new NotFolded(`wrote ${append.fact.name} for ${tenant}/${id}, which the fold ignores: ${evolved.reason}`);
      this.#become(evolved.vm);
      return { kind: 'appended', fact: append.fact, vm: this.#vm };
    }
  }

  #fold(entries: readonly Recorded[]): void {
    for (const entry of entries) {
      const { read, sequence, hash } = entry;
      if (sequence <= this.#vm.sequence) continue;
      if (!read.ok || read.stored.kind !== 'vm') this.#become({ ...this.#vm, sequence });
      else this.#become(evolve(this.#vm, { sequence, hash, writer: read.stored.writer, event: read.stored.event }).vm);
    }
  }

  #become(vm: Vm): void {
    const before = this.#vm;
    this.#vm = vm;
    this.#deps.onChange(before, vm);
  }
}
