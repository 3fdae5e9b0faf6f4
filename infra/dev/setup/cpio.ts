// Writes a cpio archive in the newc format, which the kernel unpacks as its initramfs
// (Documentation/driver-api/early-userspace).
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'character-device'; readonly path: string; readonly major: number; readonly minor: number };

const TYPE = { directory: 0o040000, file: 0o100000, link: 0o120000, 'character-device': 0o020000 } as const;
const ALIGNMENT = 4;

const hex = (value: number): string => value.toString(16).padStart(8, '0').toUpperCase();
const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)]);

interface Fields {
  readonly inode: number;
  readonly mode: number;
  readonly device: readonly [major: number, minor: number];
  readonly path: string;
  readonly content: Buffer;
}

const record = ({ inode, mode, device, path, content }: Fields): Buffer => {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, time, size, device of the file (two), device that it represents (two), name length,
  // checksum.
  const numbers = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, ...device, name.length, 0];
  const header = Buffer.from(`070701${numbers.map(hex).join('')}`);
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(content)]);
};

const NOTHING = Buffer.alloc(0);

const permissionsOf = (entry: CpioEntry): number => {
  if (entry.kind === 'file') return entry.mode;
  return entry.kind === 'character-device' ? 0o600 : 0o755;
};
const contentOf = (entry: CpioEntry): Buffer => {
  if (entry.kind === 'file') return entry.content;
  return entry.kind === 'link' ? Buffer.from(entry.target) : NOTHING;
};

/**
 * Paths have no leading slash; a directory comes before its entries. The owner is root and times are zero: the same input gives
 * the same bytes.
 */
export const cpioArchive = (entries: readonly CpioEntry[]): Buffer => {
  const records = entries.map((entry, at) =>
    record({
      inode: at + 1,
      mode: TYPE[entry.kind] | permissionsOf(entry),
      device: entry.kind === 'character-device' ? [entry.major, entry.minor] : [0, 0],
      path: entry.path,
      content: contentOf(entry),
    }),
  );
  const end = record({ inode: 0, mode: 0, device: [0, 0], path: 'TRAILER!!!', content: NOTHING });
  return Buffer.concat([...records, end]);
};
