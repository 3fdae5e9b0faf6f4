// Detects from a file's first bytes a kernel's or disk's format, and whether a qcow2 refers to other files.
import type { ImageJson } from '@ironlog/schemas';

/** Enough for every header checked here. */
export const HEAD_BYTES = 1024;

const ELF_MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const ELF_64_BIT = 2;
const ELF_LITTLE_ENDIAN = 1;
const ELF_X86_64 = 62;
const QCOW2_MAGIC = Buffer.from('QFI\xfb', 'latin1');
/** Linux's boot protocol: a magic in the first sector, which ends with the boot sector signature. */
const BZ_IMAGE_MAGIC = Buffer.from('HdrS');
const BZ_IMAGE_MAGIC_AT = 0x202;
const BOOT_SECTOR_MARK_AT = 0x1fe;
const BOOT_SECTOR_MARK = 0xaa55;

interface Wrong {
  /** Relative to the part: `format`, or `file`. */
  readonly field: 'format' | 'file';
  readonly message: string;
}

const startsWith = (head: Buffer, magic: Buffer): boolean => head.subarray(0, magic.length).equals(magic);

const kernelFormat = (head: Buffer): 'elf' | 'bzImage' | undefined => {
  if (startsWith(head, ELF_MAGIC)) return 'elf';
  const isBootSector =
    head.length >= BZ_IMAGE_MAGIC_AT + BZ_IMAGE_MAGIC.length &&
    head.readUInt16LE(BOOT_SECTOR_MARK_AT) === BOOT_SECTOR_MARK;
  return isBootSector && startsWith(head.subarray(BZ_IMAGE_MAGIC_AT), BZ_IMAGE_MAGIC) ? 'bzImage' : undefined;
};

export const whyNoKernel = (head: Buffer, format: ImageJson['kernel']['format']): Wrong | undefined => {
  const found = kernelFormat(head);
  if (!found) return { field: 'file', message: 'is no kernel: neither an ELF nor a bzImage' };
  if (found !== format) return { field: 'format', message: `is ${format}, and the file is ${withArticle(found)}` };
  if (found !== 'elf') return undefined;
  const isX86 =
    head.length >= 20 &&
    head[4] === ELF_64_BIT &&
    head[5] === ELF_LITTLE_ENDIAN &&
    head.readUInt16LE(18) === ELF_X86_64;
  return isX86 ? undefined : { field: 'file', message: 'is an ELF, but not of x86_64 with 64 bits' };
};

const withArticle = (format: 'elf' | 'bzImage'): string => (format === 'elf' ? 'an ELF' : 'a bzImage');

/** QEMU's docs/interop/qcow2: all numbers are big-endian. */
const QCOW2 = {
  versionAt: 4,
  backingFileAt: 8,
  cryptAt: 32,
  incompatibleAt: 72,
  version2Bytes: 72,
  version3Bytes: 104,
  corrupt: 2n,
  dataFile: 4n,
} as const;

const whyNoQcow2 = (head: Buffer): string | undefined => {
  if (!startsWith(head, QCOW2_MAGIC)) return 'is no qcow2';
  if (head.length < QCOW2.version2Bytes) return 'ends within its qcow2 header';
  const version = head.readUInt32BE(QCOW2.versionAt);
  if (version !== 2 && version !== 3) return `is qcow2 of version ${version}, and only 2 and 3 are known`;
  if (head.readBigUInt64BE(QCOW2.backingFileAt) !== 0n)
    return 'is a qcow2 with a backing file; flatten it with qemu-img convert';
  if (head.readUInt32BE(QCOW2.cryptAt) !== 0) return 'is an encrypted qcow2';
  if (version === 2) return undefined;
  if (head.length < QCOW2.version3Bytes) return 'ends within its qcow2 header';
  const features = head.readBigUInt64BE(QCOW2.incompatibleAt);
  if ((features & QCOW2.dataFile) !== 0n) return 'is a qcow2 with a data file; flatten it with qemu-img convert';
  return (features & QCOW2.corrupt) === 0n ? undefined : 'is a qcow2 that is marked as corrupt';
};

export const whyNoDisk = (head: Buffer, format: 'raw' | 'qcow2'): Wrong | undefined => {
  if (format === 'raw')
    return startsWith(head, QCOW2_MAGIC) ? { field: 'format', message: 'is raw, and the file is a qcow2' } : undefined;
  const message = whyNoQcow2(head);
  return message === undefined ? undefined : { field: message === 'is no qcow2' ? 'format' : 'file', message };
};
