// The drivers that an environment asks for, in its order, and what is refused of it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadFrom } from '../env.fixture.ts';
import { hypervisorConfigsOf } from './hypervisor-config.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
  for (const [name, says] of [
    ['qemu-system-x86_64', 'QEMU emulator version 7.2.22'],
    ['firecracker', 'Firecracker v1.16.1'],
  ] as const)
    writeFileSync(join(root, name), `#!/bin/sh\necho "${says}"\n`, { mode: 0o700 });
  writeFileSync(join(root, 'vmlinux'), '\x7fELF\x02');
  writeFileSync(join(root, 'vmlinuz'), 'MZ and more');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const configs = (env: Record<string, string>) =>
  hypervisorConfigsOf({
    ...{ config: loadFrom(env), searchPath: root, stateDirectory: '/state', logger: { info: () => undefined } },
  });

test('a simulator alone needs nothing', async () => {
  expect(await configs({})).toEqual([{ kind: 'simulator', cacheDirectory: '/state/.compile-cache' }]);
});

test('several are offered in the order in which they are named, each once', async () => {
  const kernel = join(root, 'vmlinuz');
  const env = { IRONLOG_HYPERVISORS: 'qemu, simulator,qemu', IRONLOG_KERNEL: kernel, IRONLOG_QEMU_ACCEL: 'tcg' };
  expect(await configs(env)).toEqual([
    { kind: 'qemu', program: join(root, 'qemu-system-x86_64'), version: '7.2.22', accelerator: 'tcg' },
    { kind: 'simulator', cacheDirectory: '/state/.compile-cache' },
  ]);
});

test('a real one needs a kernel, and QEMU an initial RAM file system to find out whether KVM works', async () => {
  await expect(configs({ IRONLOG_HYPERVISOR: 'qemu' })).rejects.toThrow(
    'IRONLOG_KERNEL is not set, and qemu requires it: an absolute path',
  );
  const env = { IRONLOG_HYPERVISOR: 'qemu', IRONLOG_KERNEL: join(root, 'vmlinuz') };
  await expect(configs(env)).rejects.toThrow('IRONLOG_INITRD is not set, and qemu requires it: an absolute path');
});

test('Firecracker boots an ELF and nothing else', async () => {
  const of = (kernel: string) => configs({ IRONLOG_HYPERVISORS: 'firecracker', IRONLOG_KERNEL: join(root, kernel) });
  // Where there is no KVM, that is said first.
  await expect(of('vmlinuz')).rejects.toThrow(
    /is no ELF, and Firecracker boots nothing else|\/dev\/kvm cannot be used/,
  );
  await expect(of('gone')).rejects.toThrow(/cannot be read|\/dev\/kvm cannot be used/);
});
