import {
  type Heartbeat,
  heartbeatSchema,
  type ImageManifest,
  imageManifestSchema,
  vmSpecSchema,
} from '@ironlog/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { place, whyNotHost } from './placement.ts';

const host = (name: string, more: object = {}): Heartbeat =>
  heartbeatSchema.parse({
    host: name,
    incarnation: 'i',
    at: '2026-01-01T00:00:00.000Z',
    status: 'ready',
    hypervisors: ['simulator'],
    images: [{ id: 'demo', hypervisors: ['simulator'], default: true, description: '' }],
    labels: { zone: 'a' },
    capacity: { cpus: 8, memoryMiB: 8192, processes: 10 },
    used: { cpus: 0, memoryMiB: 0, processes: 0 },
    ...more,
  });

describe('place', () => {
  it('picks the emptiest host that fits, and is deterministic', () => {
    const hosts = [host('host-1', { used: { cpus: 4, memoryMiB: 0, processes: 1 } }), host('host-3'), host('host-2')];
    expect(place(hosts, vmSpecSchema.parse({}))).toEqual({ kind: 'placed', host: 'host-2' });
    expect(place(hosts.toReversed(), vmSpecSchema.parse({}))).toEqual({ kind: 'placed', host: 'host-2' });
  });
  it.each<[string, object, object]>([
    ['is draining', { status: 'draining' }, {}],
    ['has a clock 7200 s ahead', { clockRefusal: 'has a clock 7200 s ahead' }, {}],
    ['has no qemu', {}, { hypervisor: 'qemu' }],
    ['has no image other', {}, { image: 'other' }],
    ['lacks label zone=b', {}, { placement: { hostLabels: { zone: 'b' } } }],
    ['has 8 of 9 cpus free', {}, { cpus: 9 }],
    ['has 8192 of 9000 MiB free', {}, { memoryMiB: 9000 }],
    ['has no process left of 10', { used: { cpus: 0, memoryMiB: 0, processes: 10 } }, {}],
  ])('reports a host that %s', (reason, more, spec) => {
    expect(place([host('host-1', more)], vmSpecSchema.parse(spec))).toEqual({
      kind: 'no-host',
      reasons: { 'host-1': reason },
    });
  });
  describe('of an uploaded image', () => {
    const image = (more: object = {}): ImageManifest =>
      imageManifestSchema.parse({
        id: 'alpine-1',
        architecture: 'x86_64',
        kernel: { file: 'vmlinux', format: 'elf', digest: `sha256-${'0'.repeat(64)}`, size: 1 },
        ...more,
      });
    const bzImage = { kernel: { ...image().kernel, format: 'bzImage' } };
    const qcow2 = { rootDisk: { ...image().kernel, format: 'qcow2' } };
    const hosts = [host('host-1', { hypervisors: ['firecracker'] }), host('host-2', { hypervisors: ['qemu'] })];
    const spec = { image: 'alpine-1' };
    it.each<[string, object, object, string | undefined]>([
      ['on any hypervisor', {}, {}, 'host-1'],
      ['on those that the image names', { hypervisors: ['qemu'] }, {}, 'host-2'],
      ['on the one that is asked for', {}, { hypervisor: 'qemu' }, 'host-2'],
      ['with a bzImage not on Firecracker', bzImage, {}, 'host-2'],
      ['with a qcow2 not on Firecracker', qcow2, {}, 'host-2'],
      ['that is asked for on one that does not boot it nowhere', bzImage, { hypervisor: 'firecracker' }, undefined],
      ['for another hypervisor nowhere', { hypervisors: ['cloud-hypervisor'] }, {}, undefined],
    ])('places %s', (_, of, more, expected) => {
      const placed = place(hosts, vmSpecSchema.parse({ ...spec, ...more }), image(of));
      expect(placed.kind === 'placed' ? placed.host : undefined).toBe(expected);
      if (placed.kind === 'no-host')
        expect(placed.reasons['host-1']).toMatch(/has no (qemu|hypervisor that boots image alpine-1)$/);
    });
  });
  it('never over-commits a host', () => {
    const used = fc.record({ cpus: fc.nat(8), memoryMiB: fc.nat(8192), processes: fc.nat(10) });
    fc.assert(
      fc.property(fc.array(used, { maxLength: 5 }), fc.integer({ min: 1, max: 9 }), (uses, cpus) => {
        const hosts = uses.map((use, index) => host(`host-${index}`, { used: use }));
        const spec = vmSpecSchema.parse({ cpus });
        const placed = place(hosts, spec);
        const chosen = hosts.find((candidate) => placed.kind === 'placed' && candidate.host === placed.host);
        if (chosen) expect(chosen.used.cpus + cpus).toBeLessThanOrEqual(chosen.capacity.cpus);
        else expect(hosts.every((candidate) => whyNotHost(candidate, spec) !== undefined)).toBe(true);
      }),
    );
  });
});
