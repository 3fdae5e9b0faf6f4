// The catalogue: tenants see ids and descriptions, no path; a launch gets the configured paths.
import { imageId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { loadFrom } from '../env.fixture.ts';
import { catalogueOf } from './catalogue.ts';

const demo = (env: Record<string, string>) => catalogueOf(loadFrom(env)).get(imageId('demo'));
const FILES = { IRONLOG_KERNEL: '/images/vmlinuz', IRONLOG_INITRD: '/images/initrd' };

test('a simulator uses no file, even where one is configured', () => {
  expect(demo(FILES)).toMatchObject({ listing: { id: 'demo', hypervisors: ['simulator'], default: true } });
  expect(demo(FILES)?.launch).toEqual({});
});

test('a real hypervisor gets the configured files and a serial console; the listing holds no path', () => {
  const image = demo({ IRONLOG_HYPERVISOR: 'qemu', ...FILES });
  expect(image?.launch).toEqual({
    kernel: '/images/vmlinuz',
    initrd: '/images/initrd',
    args: expect.stringContaining('console=ttyS0'),
  });
  expect(image?.listing.hypervisors).toEqual(['qemu']);
  expect(JSON.stringify(image?.listing)).not.toContain('/images');
});

test('each of several hypervisors boots it, and a simulator ignores the files', () => {
  const image = demo({ IRONLOG_HYPERVISORS: 'firecracker,simulator', ...FILES });
  expect(image?.listing.hypervisors).toEqual(['firecracker', 'simulator']);
  expect(image?.launch).toMatchObject({ kernel: '/images/vmlinuz' });
});

test('a file that is not configured is absent, not undefined', () => {
  expect(Object.keys(demo({ IRONLOG_HYPERVISOR: 'qemu' })?.launch ?? {})).toEqual(['args']);
});
