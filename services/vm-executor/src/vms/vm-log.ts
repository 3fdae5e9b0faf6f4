// One VM's aggregate and the only way this host writes to it: append under expectation, fold what others wrote, try again.
import { type EventMeta, evolve, initialVm, nextEvent, type Vm } from '@ironlog/domain';
import type { EventLog, Recorded } from '@ironlog/event-log';
import { type HostId, newEventId, type VmFact, vmEventSubject, vmFilter } from '@ironlog/schemas';
import type { VmRef } from '../host/state-directory.ts';

export type Meta = Omit<EventMeta, 'id' | 'time' | 'writer'>;

/** What to say of the VM as it now stands; `undefined`: nothing any more. */
export type Saying = (vm: Vm) => { readonly fact: VmFact; readonly meta: Meta } | undefined;

export type Said =
  | { readonly kind: 'said'; readonly fact: VmFact; readonly vm: Vm }
  | { readonly kind: 'unsaid'; readonly vm: Vm };

export interface VmLogDeps {
  readonly log: EventLog;
  readonly host: HostId;
  readonly now: () => Date;
  /** Ends the retries of an append when the service stops. */
  readonly signal: AbortSignal;
  readonly onChange: (before: Vm, after: Vm) => void;
}

/** The append's fate is not known because the service is stopping: the log tells at the next start. */
export class FateUnknown extends Error {}

/** What this process wrote, every reader must fold: anything else is a bug in `decide` or an effect. */
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

  /** In its turn: an append of our own in flight must learn of its fate before it is read. */
  refresh(): Promise<Vm> {
    return this.#inTurn(async () => {
      this.#fold(await this.#deps.log.readSince(vmFilter(this.#vm.tenant, this.#vm.id), this.#vm.sequence));
      return this.#vm;
    });
  }

  /** Resolves when every append that has begun is stored, refused, or given up. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** One writer at a time within this process; others are found out by the expectation (P4). */
  append(saying: Saying): Promise<Said> {
    return this.#inTurn(() => this.#append(saying));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #append(saying: Saying): Promise<Said> {
    const { log, host, now, signal } = this.#deps;
    for (;;) {
      const say = saying(this.#vm);
      if (!say) return { kind: 'unsaid', vm: this.#vm };
      const event = nextEvent(this.#vm, say.fact, {
        ...say.meta,
        id: newEventId(),
        time: now().toISOString(),
        writer: host,
      });
      const { tenant, id, sequence } = this.#vm;
      const subject = vmEventSubject(tenant, id, host, say.fact.name);
      const result = await log.append({ subject, event, filter: vmFilter(tenant, id), expected: sequence, signal });
      if (result.kind === 'unknown')
        throw new FateUnknown(`${say.fact.name} of ${tenant}/${id}: ${result.cause.message}`);
      if (result.kind === 'conflict') {
        this.#fold(result.entries);
        continue;
      }
      const evolved = evolve(this.#vm, { sequence: result.sequence, hash: result.hash, writer: host, event });
      if (evolved.kind === 'ignored')
        throw new NotFolded(`wrote ${say.fact.name} for ${tenant}/${id}, which the fold ignores: ${evolved.reason}`);
      this.#become(evolved.vm);
      return { kind: 'said', fact: say.fact, vm: this.#vm };
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
