// The part of an x86 assembler that the tiny guest needs: bytes, and jumps to labels, also forward.

export type Address = number | string;

export class Assembler {
  readonly #origin: number;
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  /** Where a label's four-byte address goes; `relative`: to the byte after it. */
  readonly #fixups: { readonly at: number; readonly label: string; readonly relative: boolean }[] = [];

  readonly #gates: { readonly at: number; readonly label: string }[] = [];

  constructor(origin: number) {
    this.#origin = origin;
  }

  bytes(...values: readonly number[]): this {
    this.#bytes.push(...values);
    return this;
  }

  label(name: string): this {
    this.#labels.set(name, this.#origin + this.#bytes.length);
    return this;
  }

  /** An interrupt gate to a label: code segment 8, privilege 0. */
  gate(label: string): this {
    this.#gates.push({ at: this.#bytes.length, label });
    return this.bytes(0, 0, 8, 0, 0, 0x8e, 0, 0);
  }

  /** Four bytes, little-endian. */
  word(value: Address): this {
    if (typeof value === 'string') {
      this.#fixups.push({ at: this.#bytes.length, label: value, relative: false });
      return this.bytes(0, 0, 0, 0);
    }
    return this.bytes(...wordBytes(value));
  }

  text(value: string): this {
    return this.bytes(...Buffer.from(`${value}\0`));
  }

  align(to: number): this {
    while (this.#bytes.length % to !== 0) this.#bytes.push(0);
    return this;
  }

  /** A jump or call with this opcode and a 32-bit offset. */
  jump(opcode: readonly number[], label: string): this {
    this.bytes(...opcode);
    this.#fixups.push({ at: this.#bytes.length, label, relative: true });
    return this.bytes(0, 0, 0, 0);
  }

  /** mov dx, port; mov al, value; out dx, al */
  out8(port: number, value: number): this {
    return this.bytes(0x66, 0xba, port & 0xff, port >> 8, 0xb0, value, 0xee);
  }

  /** mov dword [address], value */
  store(address: Address, value: Address): this {
    return this.bytes(0xc7, 0x05).word(address).word(value);
  }

  /** @throws Error for an undefined label. */
  assemble(): Uint8Array {
    for (const { at, label, relative } of this.#fixups) {
      const address = this.#addressOf(label);
      const value = relative ? address - (this.#origin + at + 4) : address;
      this.#bytes.splice(at, 4, ...wordBytes(value));
    }
    for (const { at, label } of this.#gates) {
      const [low = 0, second = 0, third = 0, high = 0] = wordBytes(this.#addressOf(label));
      this.#bytes.splice(at, 2, low, second);
      this.#bytes.splice(at + 6, 2, third, high);
    }
    return Uint8Array.from(this.#bytes);
  }

  #addressOf(label: string): number {
    const address = this.#labels.get(label);
    if (address === undefined) throw new Error(`no label ${label}`);
    return address;
  }
}

const wordBytes = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
