// Tars as nobody would pack them: each entry's header is written here, so that it may say anything.

const BLOCK = 512;
const CHECKSUM_AT = 148;

export interface TarEntry {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** The type flag: `0` a file, `1` a link, `2` a symbolic link, `3` a device, `5` a folder, `S` sparse. */
  readonly type?: string;
  readonly linkTo?: string;
  /** Of the content, by what the header says. */
  readonly size?: number;
}

const header = ({ name, type = '0', linkTo = '' }: TarEntry, size: number): Buffer => {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number): void =>
    void block.write(`${value.toString(8).padStart(digits, '0')}\0`, at);
  block.write(name, 0, 100);
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  block.fill(' ', CHECKSUM_AT, CHECKSUM_AT + 8);
  block.write(type, 156, 1);
  block.write(linkTo, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    CHECKSUM_AT,
    6,
  );
  return block;
};

export const tarOf = (entries: readonly TarEntry[]): Buffer =>
  Buffer.concat([
    ...entries.flatMap((entry) => {
      const content = Buffer.from(entry.content ?? '');
      const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
      return [header(entry, entry.size ?? content.length), content, padding];
    }),
    Buffer.alloc(2 * BLOCK),
  ]);

/** An ELF of x86_64 with 64 bits by its header, and nothing more: it is never booted. */
export const elf = (): Buffer => {
  const bytes = Buffer.alloc(2048);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(62, 18);
  return bytes;
};

/** A bzImage by its first sectors. */
export const bzImage = (): Buffer => {
  const bytes = Buffer.alloc(2048);
  bytes.writeUInt16LE(0xaa55, 0x1fe);
  bytes.write('HdrS', 0x202);
  return bytes;
};

/** `features`: the incompatible ones; bit 2 is a data file. */
export const qcow2 = ({ backing = 0n, features = 0n } = {}): Buffer => {
  const bytes = Buffer.alloc(1024);
  bytes.write('QFI\xfb', 'latin1');
  bytes.writeUInt32BE(3, 4);
  bytes.writeBigUInt64BE(backing, 8);
  bytes.writeBigUInt64BE(features, 72);
  return bytes;
};
