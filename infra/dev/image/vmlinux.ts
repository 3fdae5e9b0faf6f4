// Unpacks the ELF kernel in a bzImage with a tool of the distribution. Firecracker boots only an ELF. Cloud Hypervisor
// boots an ELF many times faster than a self-extracting bzImage.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { privateDirectory } from '../paths.ts';
import { unpackPackage } from '../setup/debian-archive.ts';
import type { DemoKernel } from '../setup/demo-kernel.ts';

const run = promisify(execFile);
const SUITE = 'bookworm';
const LARGEST_KERNEL_BYTES = 512 * 1024 * 1024;

/** Documentation/arch/x86/boot.rst, the setup header: offsets and sizes since protocol 2.08. */
const HEADER = {
  setupSectorsAt: 0x1f1,
  magicAt: 0x202,
  versionAt: 0x206,
  payloadAt: 0x248,
  payloadBytesAt: 0x24c,
} as const;
const FIRST_VERSION_WITH_PAYLOAD = 0x0208;
const SECTOR = 512;
/** The kernel's build appends the unpacked size to the payload. */
const SIZE_BYTES = 4;

interface Tool {
  readonly magic: readonly number[];
  readonly program: string;
  readonly args: readonly string[];
  /** The tool's package. */
  readonly package: string;
}

const TOOLS: readonly Tool[] = [
  { magic: [0x02, 0x21, 0x4c, 0x18], program: 'lz4', args: ['-d', '-c', '-f'], package: 'lz4' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], program: 'zstd', args: ['-d', '-c', '-f'], package: 'zstd' },
  { magic: [0xfd, 0x37, 0x7a, 0x58], program: 'xz', args: ['-d', '-c'], package: 'xz-utils' },
  { magic: [0x1f, 0x8b], program: 'gzip', args: ['-d', '-c'], package: 'gzip' },
];

/** @throws Error with one sentence unless the file is a bzImage that has a payload offset. */
const payloadOf = (kernel: Buffer): Buffer => {
  const isBzImage = kernel.subarray(HEADER.magicAt, HEADER.magicAt + 4).toString('latin1') === 'HdrS';
  if (!isBzImage || kernel.readUInt16LE(HEADER.versionAt) < FIRST_VERSION_WITH_PAYLOAD)
    throw new Error('the kernel is no bzImage of boot protocol 2.08 or later');
  // 0 means 4, for the oldest kernels.
  const setupSectors = kernel.readUInt8(HEADER.setupSectorsAt) || 4;
  const begin = (setupSectors + 1) * SECTOR + kernel.readUInt32LE(HEADER.payloadAt);
  return kernel.subarray(begin, begin + kernel.readUInt32LE(HEADER.payloadBytesAt) - SIZE_BYTES);
};

const runs = async (program: string): Promise<boolean> => {
  try {
    await run(program, ['--version'], { timeout: 10_000 });
    return true;
  } catch {
    // The tool is not installed.
    return false;
  }
};

const programOf = async ({ program, package: name }: Tool): Promise<string> => {
  if (await runs(program)) return program;
  const unpacked = await unpackPackage(SUITE, name);
  const path = unpacked.ok ? join(unpacked.directory, 'usr/bin', program) : '';
  if (unpacked.ok && (await runs(path))) return path;
  throw new Error(`the kernel is packed with ${program}, which is not here: install the package ${name}`);
};

/** Unpacks `bzImage` to `path`, if missing. */
export const unpackVmlinux = async (bzImage: string, path: string): Promise<string> => {
  if (existsSync(path)) return path;
  const payload = payloadOf(readFileSync(bzImage));
  const tool = TOOLS.find(({ magic }) => magic.every((byte, at) => payload[at] === byte));
  if (!tool) throw new Error('the kernel is packed in a way that no tool is known for here');
  const packed = `${path}.${process.pid}.packed`;
  writeFileSync(packed, payload, { mode: 0o600 });
  try {
    const options = { encoding: 'buffer', maxBuffer: LARGEST_KERNEL_BYTES } as const;
    const { stdout } = await run(await programOf(tool), [...tool.args, packed], options);
    writeFileSync(`${path}.${process.pid}`, stdout, { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
    return path;
  } finally {
    rmSync(packed, { force: true });
  }
};

/** The demo kernel's, kept beside its initramfs: Debian's own folder is not written to. */
export const unpackDemoKernel = ({ kernel, initrd }: DemoKernel): Promise<string> =>
  unpackVmlinux(kernel, join(privateDirectory(dirname(initrd)), 'vmlinux'));
