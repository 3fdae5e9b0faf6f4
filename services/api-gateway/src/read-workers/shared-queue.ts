// A bounded queue with a share for each party, served round robin: a busy party fills only its own share.

export interface QueueLimits {
  readonly capacity: number;
  readonly perParty: number;
}

export class SharedQueue<Item> {
  readonly #limits: QueueLimits;
  /** In the order of service; a party is in it while it has items. */
  readonly #parties = new Map<string, Item[]>();
  #size = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  push(party: string, item: Item): 'queued' | 'queue-full' | 'tenant-share' {
    const items = this.#parties.get(party) ?? [];
    if (items.length >= this.#limits.perParty) return 'tenant-share';
    if (this.#size >= this.#limits.capacity) return 'queue-full';
    items.push(item);
    this.#parties.set(party, items);
    this.#size += 1;
    return 'queued';
  }

  /** The oldest item of the next party that may have one. */
  take(mayHave: (party: string) => boolean): Item | undefined {
    for (const [party, [item]] of this.#parties) {
      if (item === undefined || !mayHave(party)) continue;
      this.#drop(party, item);
      // Behind all others, for round robin.
      const left = this.#parties.get(party);
      if (left && this.#parties.delete(party)) this.#parties.set(party, left);
      return item;
    }
    return undefined;
  }

  /** Whether it was there. */
  remove(party: string, item: Item): boolean {
    return this.#drop(party, item);
  }

  #drop(party: string, item: Item): boolean {
    const items = this.#parties.get(party);
    const index = items?.indexOf(item) ?? -1;
    if (!items || index < 0) return false;
    items.splice(index, 1);
    this.#size -= 1;
    if (items.length === 0) this.#parties.delete(party);
    return true;
  }
}
