// Guests that say on their console when they are ready: each is looked for from where its epoch's output begins, also by
// an executor that is started later, and put on record as ready, or as not ready when its time is over.
import { readyDueAt, type Vm } from '@ironlog/domain';
import type { VmFact } from '@ironlog/schemas';
import type { VmRef } from '../host/state-directory.ts';
import { keyOf } from '../vms/vm-table.ts';
import { readConsole } from './console-file.ts';
import type { ConsoleWatch } from './console-watch.ts';
import { readEpochStart } from './epoch-start.ts';

/** Read at once. */
const PART_BYTES = 65_536;
/** setTimeout's longest; what is due later is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface ReadyGuestsDeps {
  readonly consoles: Pick<ConsoleWatch, 'listen'>;
  readonly directoryOf: (ref: VmRef) => string;
  readonly now: () => Date;
  /** Is to append what `readyFact` says then. */
  readonly onReady: (ref: VmRef, epoch: number) => void;
  /** Is to append what `notReadyFact` says then. */
  readonly onLate: (ref: VmRef) => void;
  readonly onError: (error: unknown, ref: VmRef) => void;
}

interface Searched {
  readonly ref: VmRef;
  readonly directory: string;
  readonly epoch: number;
  readonly wanted: Buffer;
  /** Position up to which the console has been searched. */
  position: number;
  /** The end of what has been searched: the text may begin in it. */
  carry: Buffer;
  isFound: boolean;
  stopListening: () => void;
  dueAt?: string | undefined;
  timer?: NodeJS.Timeout | undefined;
}

export class ReadyGuests {
  readonly #deps: ReadyGuestsDeps;
  readonly #searched = new Map<string, Searched>();

  constructor(deps: ReadyGuestsDeps) {
    this.#deps = deps;
  }

  /** To be called with each VM at start, and whenever one has changed. */
  follow(vm: Vm): void {
    const key = keyOf({ tenant: vm.tenant, vmId: vm.id });
    const known = this.#searched.get(key);
    if (vm.awaited && known?.epoch === vm.epoch) {
      this.#arm(known, readyDueAt(vm));
      return;
    }
    this.#end(key, known);
    if (!vm.awaited || !vm.spec?.ready) return;
    const searched = this.#begin(vm, vm.spec.ready.console);
    this.#searched.set(key, searched);
    searched.stopListening = this.#deps.consoles.listen(searched.directory, () => this.#search(searched));
    this.#search(searched);
    this.#arm(searched, readyDueAt(vm));
  }

  stop(): void {
    for (const [key, searched] of this.#searched) this.#end(key, searched);
  }

  #begin({ tenant, id: vmId, epoch }: Vm, text: string): Searched {
    const ref = { tenant, vmId };
    const directory = this.#deps.directoryOf(ref);
    let position = 0;
    this.#safely(ref, () => {
      position = readEpochStart(directory, epoch);
    });
    const [wanted, carry] = [Buffer.from(text), Buffer.alloc(0)];
    return { ref, directory, epoch, wanted, position, carry, isFound: false, stopListening: () => undefined };
  }

  #search(searched: Searched): void {
    this.#safely(searched.ref, () => {
      while (!searched.isFound) {
        const part = readConsole(searched.directory, searched.position, PART_BYTES);
        if (!part || part.bytes.length === 0) return;
        // What the host keeps no longer breaks the text.
        const before = part.from === searched.position ? searched.carry : Buffer.alloc(0);
        const text = Buffer.concat([before, part.bytes]);
        searched.position = part.from + part.bytes.length;
        searched.carry = text.subarray(Math.max(0, text.length - searched.wanted.length + 1));
        searched.isFound = text.includes(searched.wanted);
      }
      this.#deps.onReady(searched.ref, searched.epoch);
      searched.stopListening();
    });
  }

  #arm(searched: Searched, dueAt: string | undefined): void {
    if (searched.timer && searched.dueAt === dueAt) return;
    clearTimeout(searched.timer);
    Object.assign(searched, { dueAt, timer: undefined });
    if (dueAt === undefined) return;
    const waitMs = Math.max(0, Date.parse(dueAt) - this.#deps.now().getTime());
    searched.timer = setTimeout(
      () => {
        searched.timer = undefined;
        // What was printed in time counts, also when nobody has looked since.
        if (!searched.isFound) this.#search(searched);
        if (!searched.isFound) this.#deps.onLate(searched.ref);
      },
      Math.min(waitMs, MAX_TIMER_MS),
    );
  }

  #end(key: string, searched: Searched | undefined): void {
    if (!searched) return;
    searched.stopListening();
    clearTimeout(searched.timer);
    this.#searched.delete(key);
  }

  /** A console that cannot be read now may be at its next growth. */
  #safely(ref: VmRef, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#deps.onError(error, ref);
    }
  }
}

/** What to append when the guest of `epoch` has said so; `undefined`: that is on record, or another epoch runs. */
export const readyFact = (vm: Vm, epoch: number, now: Date): VmFact | undefined =>
  vm.awaited && vm.epoch === epoch
    ? { name: 'ready', data: { epoch, tookMs: msSince(vm.awaited.since, now) } }
    : undefined;

/** What to append when the time is over; `undefined`: it is not, or nobody waits for the guest any more. */
export const notReadyFact = (vm: Vm, now: Date): VmFact | undefined => {
  const due = readyDueAt(vm);
  if (!vm.awaited || due === undefined || due > now.toISOString()) return undefined;
  return { name: 'not-ready', data: { epoch: vm.epoch, afterMs: msSince(vm.awaited.since, now) } };
};

const msSince = (since: string, now: Date): number => Math.max(0, now.getTime() - Date.parse(since));
