// Which keys may have a row: a Bloom filter that avoids SQLite queries for absent keys. A rebuild begins with an empty
// table, and most of its queries are for a VM or an operation that the current entry begins.

/** 2 MiB, whatever the number of keys. False positives: one absent key in 160 at 100,000 keys, one in 17 at a million. */
const BITS = 1 << 24;

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/), folded to the filter's size. */
const bitOf = (key: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 24)) & (BITS - 1);
};

export class WrittenKeys {
  /** Absent: the table had rows before, so any key may have one. */
  readonly #bits: Uint8Array | undefined;

  constructor(tableIsEmpty: boolean) {
    this.#bits = tableIsEmpty ? new Uint8Array(BITS / 8) : undefined;
  }

  add(key: string): void {
    if (!this.#bits) return;
    const bit = bitOf(key);
    this.#bits[bit >>> 3] = (this.#bits[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }

  /** False: it certainly has no row. */
  mayHave(key: string): boolean {
    if (!this.#bits) return true;
    const bit = bitOf(key);
    return ((this.#bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }
}
