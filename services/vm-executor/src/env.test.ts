// The executor's configuration: accepted values, defaults, and an error that names the wrong variable.
import { describe, expect, it, test } from 'vitest';
import { loadFrom, NEEDED } from './env.fixture.ts';

test('the required variables are enough: they give a simulator with every default', () => {
  const config = loadFrom();
  expect(config).toMatchObject({ IRONLOG_HYPERVISOR: 'simulator', IRONLOG_HOST_ID: 'host-1', IRONLOG_HTTP_PORT: 0 });
  expect(config.IRONLOG_HOST_CPUS).toBeUndefined();
  expect(config.IRONLOG_FAILPOINT).toBeUndefined();
});

test('numbers are numbers, and a failpoint is a name and a count', () => {
  const config = loadFrom({
    IRONLOG_HOST_CPUS: '16',
    IRONLOG_HOST_MEMORY_MIB: '4096',
    IRONLOG_HOST_PROCESSES: '100000',
    IRONLOG_FAILPOINT: 'after-spawn:3',
  });
  expect(config).toMatchObject({
    IRONLOG_HOST_CPUS: 16,
    IRONLOG_HOST_MEMORY_MIB: 4096,
    IRONLOG_HOST_PROCESSES: 100_000,
    IRONLOG_FAILPOINT: { name: 'after-spawn', nth: 3 },
  });
});

test("a host's labels are keys and values", () => {
  expect(loadFrom().IRONLOG_HOST_LABELS).toEqual({});
  expect(loadFrom({ IRONLOG_HOST_LABELS: 'zone=a, disk=fast=2,bare' }).IRONLOG_HOST_LABELS).toEqual({
    zone: 'a',
    disk: 'fast=2',
    bare: '',
  });
});

describe('an error names the variable', () => {
  it.each([
    ['IRONLOG_HOST_ID', 'Host_1'],
    ['IRONLOG_HOST_ID', 'recovery'],
    ['IRONLOG_HOST_CPUS', '0'],
    ['IRONLOG_HOST_CPUS', '1.5'],
    ['IRONLOG_HOST_MEMORY_MIB', '-1'],
    ['IRONLOG_HOST_MEMORY_MIB', '1e3'],
    ['IRONLOG_HOST_PROCESSES', '100001'],
    ['IRONLOG_HOST_LABELS', '=a'],
    ['IRONLOG_HEALTH_CHECK_SECONDS', '3601'],
    ['IRONLOG_CONSOLE_BYTES', '65535'],
    ['IRONLOG_HYPERVISOR', 'xen'],
    ['IRONLOG_HYPERVISORS', 'qemu,xen'],
    ['IRONLOG_HYPERVISORS', 'qemu,'],
    ['IRONLOG_CLOUD_HYPERVISOR', 'cloud-hypervisor'],
    ['IRONLOG_FIRECRACKER', './firecracker'],
    ['IRONLOG_QEMU', 'qemu-system-x86_64'],
    ['IRONLOG_QEMU_ACCEL', 'hvf'],
    ['IRONLOG_KERNEL', './vmlinuz'],
    ['IRONLOG_INITRD', 'initrd.img'],
    ['IRONLOG_STATE_DIR', 'state'],
    ['IRONLOG_FAILPOINT', 'before-lunch'],
    ['IRONLOG_FAILPOINT', 'after-spawn:0'],
  ])('%s=%s', (name, value) => {
    expect(() => loadFrom({ [name]: value })).toThrow(new RegExp(`^${name} is ${JSON.stringify(value)}; it takes `));
  });

  it.each(Object.keys(NEEDED))('%s when it is not set', (name) => {
    expect(() => loadFrom({ [name]: undefined })).toThrow(new RegExp(`^${name} is not set; it takes `));
  });

  it('lists all errors at once, and a misspelt variable', () => {
    expect(() => loadFrom({ IRONLOG_HOST_CPUS: 'many', IRONLOG_HYPERVISOR: 'xen' })).toThrow(
      /IRONLOG_HYPERVISOR is "xen".*\n.*IRONLOG_HOST_CPUS is "many"/,
    );
    expect(() => loadFrom({ IRONLOG_HOST_CPU: '4' })).toThrow(
      'IRONLOG_HOST_CPU is not a variable of this service; the nearest is IRONLOG_HOST_CPUS',
    );
  });
});
