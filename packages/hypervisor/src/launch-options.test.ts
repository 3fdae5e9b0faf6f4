// An option that a hypervisor or its version lacks is refused before any start, by the capability's name.
import { expect, it, onTestFinished } from 'vitest';
import { VmFixture } from './conformance/vm.fixture.ts';
import { createHypervisor, type HypervisorConfig } from './factory.ts';
import type { LaunchSpec } from './launch-spec.ts';

const DISK = { id: 'root', path: '/nonexistent/root.img', format: 'qcow2', readOnly: false, isRoot: true } as const;
const program = '/nonexistent/program';

it.each([
  [{ kind: 'firecracker', program }, { disks: [DISK] }, 'Firecracker is not driven with qcow2-disks'],
  [
    { kind: 'cloud-hypervisor', program, version: '51.1.0' },
    { disks: [{ ...DISK, format: 'raw' }] },
    'Cloud Hypervisor 51.1.0 has no disks: it is driven with it since 52.0',
  ],
  [
    { kind: 'qemu', program, accelerator: 'tcg' },
    { vsock: { cid: 3, path: '/nonexistent/vsock.sock' } },
    'QEMU is not driven with vsock',
  ],
] as [HypervisorConfig, Partial<LaunchSpec>, string][])('%o', async (config, asked, reason) => {
  const vm = await VmFixture.make({ image: { kernel: '/nonexistent/kernel' } });
  onTestFinished(() => vm.dispose());
  const refused = await createHypervisor(config).spawn({ ...vm.launch(), ...asked });
  expect(refused).toMatchObject({ ok: false, code: 'unsupported', stage: 'spawn', reason, retryable: false });
  const able = await createHypervisor(config).spawn(vm.launch());
  expect(able).toMatchObject({ ok: false, code: 'failed', reason: 'the hypervisor could not be started' });
});
