// The demo guest for QEMU: Debian's cloud kernel, and a busybox initramfs packed here.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CACHE_DIR, privateDirectory } from '../paths.ts';
import { print } from '../terminal/print.ts';
import { type CpioEntry, cpioArchive } from './cpio.ts';
import { dependenciesOf, unpackPackage } from './debian-archive.ts';

// Debian 12: kernel 6.1 in one package, with uncompressed modules.
const SUITE = 'bookworm';
/** An empty package that depends on the kernel's. */
const KERNEL_META = 'linux-image-cloud-amd64';
/** Loaded in this order. Without the first two the guest does not hear the power button; the others tell QEMU of a panic. */
const MODULES = ['button', 'evdev', 'pvpanic', 'pvpanic-mmio'] as const;
/** What the guest prints on its first serial line when it is up (guest-init.sh). */
export const READY_LINE = 'ironlog-guest: ready';
const INIT = fileURLToPath(new URL('./guest-init.sh', import.meta.url));
/** A change of the packing code changes the archive. */
const PACKERS = ['./cpio.ts', './demo-kernel.ts'].map((file) => fileURLToPath(new URL(file, import.meta.url)));

export interface DemoKernel {
  /** Absolute paths. */
  readonly kernel: string;
  readonly initrd: string;
}

const unpacked = async (name: string): Promise<string> => {
  const result = await unpackPackage(SUITE, name);
  if (result.ok) return result.directory;
  throw new Error(
    `no demo kernel: ${name} is not available from the Debian archive (${result.reason}); set IRONLOG_KERNEL and IRONLOG_INITRD to files of your own`,
  );
};

const only = (directory: string, pattern: string): string => {
  const [found] = globSync(pattern, { cwd: directory });
  if (found === undefined) throw new Error(`no ${pattern} in ${directory}: remove that folder and try again`);
  return join(directory, found);
};

interface Contents {
  readonly busybox: string;
  readonly modules: readonly string[];
}

/** A hash of the contents and the packing code. */
const keyOf = ({ busybox, modules }: Contents): string => {
  const hash = createHash('sha256');
  for (const path of [busybox, ...modules, INIT, ...PACKERS])
    hash.update(`${basename(path)}\0`).update(readFileSync(path));
  return hash.digest('hex');
};

const packInitramfs = ({ busybox, modules }: Contents): Buffer => {
  const directories = ['bin', 'dev', 'lib', 'lib/modules'].map((path): CpioEntry => ({ kind: 'directory', path }));
  const file = (path: string, from: string, mode: number): CpioEntry => ({
    kind: 'file',
    path,
    mode,
    content: readFileSync(from),
  });
  const entries: readonly CpioEntry[] = [
    ...directories,
    // The kernel opens it for the first process, before any mount.
    { kind: 'character-device', path: 'dev/console', major: 5, minor: 1 },
    file('bin/busybox', busybox, 0o755),
    ...modules.map((module, index) => file(`lib/modules/${index}-${basename(module)}`, module, 0o644)),
    file('init', INIT, 0o755),
  ];
  return gzipSync(cpioArchive(entries));
};

const writeOnce = (path: string, content: Buffer): void => {
  writeFileSync(`${path}.${process.pid}`, content, { mode: 0o600 });
  renameSync(`${path}.${process.pid}`, path);
};

const buildDemoKernel = async (directory: string): Promise<DemoKernel> => {
  const built = { kernel: join(directory, 'vmlinuz'), initrd: join(directory, 'initrd.gz') };
  const image = join(directory, '.package');
  if (!existsSync(image)) {
    print('fetching the demo kernel and busybox from the Debian archive into .ironlog/cache');
    const name = (await dependenciesOf(SUITE, KERNEL_META)).find((package_) => /^linux-image-\d/.test(package_));
    if (!name)
      throw new Error(`the Debian archive names no kernel for ${KERNEL_META}; set IRONLOG_KERNEL and IRONLOG_INITRD`);
    writeOnce(image, Buffer.from(name));
  }
  const kernel = await unpacked(readFileSync(image, 'utf8'));
  const busybox = await unpacked('busybox-static');
  const contents: Contents = {
    busybox: only(busybox, '**/bin/busybox'),
    modules: MODULES.map((module) => only(kernel, `lib/modules/*/kernel/**/${module}.ko`)),
  };
  // Packed again only after a change: a new file causes a new KVM probe.
  const key = keyOf(contents);
  const keyFile = `${built.initrd}.key`;
  if (!existsSync(built.initrd) || !existsSync(keyFile) || readFileSync(keyFile, 'utf8') !== key) {
    writeOnce(built.initrd, packInitramfs(contents));
    writeOnce(keyFile, Buffer.from(key));
  }
  if (!existsSync(built.kernel)) writeOnce(built.kernel, readFileSync(only(kernel, 'boot/vmlinuz-*')));
  return built;
};

/**
 * IRONLOG_KERNEL and IRONLOG_INITRD when both are set; else fetched once and packed. The guest prints READY_LINE on its
 * first serial line and powers off at the ACPI power button.
 * @throws Error with one sentence when none is available.
 */
export const ensureDemoKernel = async (): Promise<DemoKernel> => {
  const { IRONLOG_KERNEL: kernel, IRONLOG_INITRD: initrd } = process.env;
  if (kernel && initrd) {
    for (const path of [kernel, initrd]) if (!existsSync(path)) throw new Error(`${path} does not exist`);
    return { kernel, initrd };
  }
  if (kernel || initrd) throw new Error('IRONLOG_KERNEL and IRONLOG_INITRD go together: set both or neither');
  return buildDemoKernel(privateDirectory(join(CACHE_DIR, 'demo-kernel')));
};
