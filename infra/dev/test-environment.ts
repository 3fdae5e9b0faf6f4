// What the tests need on this machine, found or fetched once before they run: vitest's global setup.
import { execFileSync } from 'node:child_process';
import { ensureDemoKernel } from './setup/demo-kernel.ts';
import { findNatsServer } from './setup/nats-server.ts';
import { type FoundQemu, findQemu, QEMU_PACKAGE } from './setup/qemu.ts';
import { print } from './terminal/print.ts';

const INSTALL_TIMEOUT_MS = 600_000;
const inCi = process.env.CI === 'true';

/** Only on request (CI) and as root: nothing is installed on a developer's machine. */
const installQemu = (): void => {
  print(`CI: installing ${QEMU_PACKAGE}`);
  const apt = (...args: string[]): void => {
    execFileSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: INSTALL_TIMEOUT_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  };
  try {
    apt('update', '-q');
    apt('install', '-q', '-y', '--no-install-recommends', QEMU_PACKAGE);
  } catch (error) {
    print(`apt-get could not install it: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const qemuForTests = async (): Promise<FoundQemu> => {
  const found = await findQemu();
  if (found.kind === 'found' || !inCi || process.getuid?.() !== 0) return found;
  installQemu();
  return findQemu();
};

const qemuEnvironment = async (): Promise<Readonly<Record<string, string>>> => {
  const qemu = await qemuForTests();
  if (qemu.kind === 'absent') {
    if (inCi) throw new Error(`CI runs the tests that need QEMU, and ${qemu.reason}`);
    print(`the tests that need QEMU are skipped: ${qemu.reason}`);
    return {};
  }
  try {
    const { kernel, initrd } = await ensureDemoKernel();
    return {
      IRONLOG_QEMU: qemu.path,
      IRONLOG_KERNEL: kernel,
      IRONLOG_INITRD: initrd,
      ...(inCi ? { IRONLOG_QEMU_REQUIRED: '1' } : {}),
    };
  } catch (error) {
    if (inCi) throw error;
    print(`the tests that need QEMU are skipped: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
};

/** The tests' processes inherit these variables. @throws Error when nats-server, or in CI QEMU, is not available. */
export const setup = async (): Promise<void> => {
  const found = { IRONLOG_NATS_SERVER: await findNatsServer(), ...(await qemuEnvironment()) };
  for (const [name, value] of Object.entries(found)) process.env[name] = value;
};
