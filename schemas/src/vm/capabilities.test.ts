// Versions as the programs tell them, and what a hypervisor cannot.
import { expect, it } from 'vitest';
import { CAPABILITIES, HYPERVISOR_VERBS, isAtLeast, whyUnsupported } from './capabilities.ts';

it.each([
  ['1.12.0', '1.12.0', true],
  ['1.12', '1.12.0', true],
  ['1.16.1', '1.12.0', true],
  ['1.9.9', '1.12.0', false],
  ['v53.0.0', '39.0', true],
  ['38.0', '39.0', false],
  ['1.17.0-dev', '1.17.0', true],
  ['7.2.22', '6.0', true],
  ['unknown', '6.0', false],
])('%s is %s or newer: %s', (version, wanted, is) => expect(isAtLeast(version, wanted)).toBe(is));

it('what a hypervisor cannot is told by its name', () => {
  expect(whyUnsupported('firecracker', 'pause')).toBeUndefined();
  expect(whyUnsupported('firecracker', 'qcow2-disks')).toBe('Firecracker is not driven with qcow2-disks');
  expect(whyUnsupported('cloud-hypervisor', 'disks', '53.0')).toBeUndefined();
  expect(whyUnsupported('cloud-hypervisor', 'disks', '51.1')).toBe(
    'Cloud Hypervisor 51.1 has no disks: it is driven with it since 52.0',
  );
});

it('nothing is promised of a version that is too old to be driven at all, and none of the tested ones is', () => {
  for (const { minimum, since, testedWith } of Object.values(CAPABILITIES)) {
    for (const version of Object.values(since)) expect(isAtLeast(version, minimum)).toBe(true);
    for (const version of Object.values(since)) expect(isAtLeast(testedWith, version)).toBe(true);
  }
});

it('the verbs of a hypervisor are in the order of the verbs', () =>
  expect(HYPERVISOR_VERBS.qemu).toEqual([
    'create',
    'boot',
    'shutdown',
    'pause',
    'resume',
    'reboot',
    'delete',
    'cleanup',
  ]));
