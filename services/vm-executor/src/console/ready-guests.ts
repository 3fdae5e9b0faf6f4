// Detects the ready line of guests on their consoles: each is searched from its epoch's first output, also after an
// executor's restart, and recorded as ready, or as not ready at its deadline.
import { readyDueAt, type Vm } from '@ironlog/domain';
import type { VmFact } from '@ironlog/schemas';
import type { VmRef } from '../host/state-directory.ts';
import { keyOf } from '../vms/vm-table.ts';
import { readConsole } from './console-file.ts';
import type { ConsoleWatch } from './console-watch.ts';
import { readEpochStart } from './epoch-start.ts';

/** Per read. */
const PART_BYTES = 65_536;
/** setTimeout's longest; a later deadline is checked again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface ReadyGuestsDeps {
  readonly consoles: Pick<ConsoleWatch, 'listen'>;
  readonly directoryOf: (ref: VmRef) => string;
  readonly now: () => Date;
  /** Appends that time's `readyFact`. */
  readonly onReady: (ref: VmRef, epoch: number) => void;
  /** Appends that time's `notReadyFact`. */
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
  /** The end of the searched text: a match may begin in it. */
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

  /** Call it with each VM at start, and after each change of one. */
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
        // A gap in the kept output separates the texts.
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
        // Output printed in time counts, even if not yet searched.
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

  /** An unreadable console is retried at its next growth. */
  #safely(ref: VmRef, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#deps.onError(error, ref);
    }
  }
}

/** The fact for a ready guest of `epoch`; `undefined`: it is recorded, or another epoch runs. */
export const readyFact = (vm: Vm, epoch: number, now: Date): VmFact | undefined =>
  vm.awaited && vm.epoch === epoch
    ? { name: 'ready', data: { epoch, tookMs: msSince(vm.awaited.since, now) } }
    : undefined;

/** The fact for a missed deadline; `undefined`: not yet due, or the guest is no longer awaited. */
export const notReadyFact = (vm: Vm, now: Date): VmFact | undefined => {
  const due = readyDueAt(vm);
  if (!vm.awaited || due === undefined || due > now.toISOString()) return undefined;
  return { name: 'not-ready', data: { epoch: vm.epoch, afterMs: msSince(vm.awaited.since, now) } };
};

const msSince = (since: string, now: Date): number => Math.max(0, now.getTime() - Date.parse(since));
