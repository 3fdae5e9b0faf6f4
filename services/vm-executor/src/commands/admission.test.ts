// Admission: the limit is exact, released capacity can be reserved again, and a refusal names the short resource.
import { initialVm, type Vm } from '@ironlog/domain';
import { commandId, tenantId, type VmSpec, vmId, vmSpecSchema } from '@ironlog/schemas';
import { describe, expect, it, test } from 'vitest';
import { Admission } from './admission.ts';

const spec = (cpus: number, memoryMiB: number): VmSpec => vmSpecSchema.parse({ cpus, memoryMiB });
const by = (id: string, tenant = 'acme') => ({ tenant: tenantId(tenant), id: commandId(`cmd-${id}`) });
const absent = initialVm(tenantId('acme'), vmId('vm-1'));
const vm = (state: Vm['state'], of = spec(2, 100)): Vm => ({ ...absent, state, spec: of });

describe('the limit', () => {
  it.each([
    ['cpus', { cpus: 4, memoryMiB: 1000, processes: 10 }, 'needs 2 cpus, and 0 of 4 are free'],
    ['memoryMiB', { cpus: 100, memoryMiB: 200, processes: 10 }, 'needs 100 memoryMiB, and 0 of 200 are free'],
    ['processes', { cpus: 100, memoryMiB: 1000, processes: 2 }, 'needs 1 processes, and 0 of 2 are free'],
  ] as const)('of %s is reached, never exceeded, and named in the refusal', (_, capacity, reason) => {
    const admission = new Admission(capacity);
    expect(admission.reserve(by('one'), spec(2, 100))).toBeUndefined();
    expect(admission.reserve(by('two'), spec(2, 100))).toBeUndefined();
    expect(admission.reserve(by('three'), spec(2, 100))).toBe(reason);
    expect(admission.used).toEqual({ cpus: 4, memoryMiB: 200, processes: 2 });
  });

  it('reports how much is free when it is not enough', () => {
    const admission = new Admission({ cpus: 3, memoryMiB: 1000, processes: 10 });
    expect(admission.reserve(by('one'), spec(2, 100))).toBeUndefined();
    expect(admission.reserve(by('two'), spec(2, 100))).toBe('needs 2 cpus, and 1 of 3 are free');
    expect(admission.reserve(by('three'), spec(1, 100))).toBeUndefined();
  });
});

test('a reservation whose create fails is released', () => {
  const admission = new Admission({ cpus: 2, memoryMiB: 100, processes: 1 });
  expect(admission.reserve(by('one'), spec(2, 100))).toBeUndefined();
  expect(admission.reserve(by('two'), spec(2, 100))).toMatch(/^needs/);
  admission.release(by('one'));
  expect(admission.reserve(by('two'), spec(2, 100))).toBeUndefined();
  admission.release(by('never-promised'));
  expect(admission.used).toEqual({ cpus: 2, memoryMiB: 100, processes: 1 });
});

test('a command that reserves again, as after a conflict, replaces its own reservation', () => {
  const admission = new Admission({ cpus: 2, memoryMiB: 100, processes: 1 });
  expect(admission.reserve(by('one'), spec(2, 100))).toBeUndefined();
  expect(admission.reserve(by('one'), spec(2, 100))).toBeUndefined();
  expect(admission.used).toEqual({ cpus: 2, memoryMiB: 100, processes: 1 });
  expect(admission.reserve(by('two'), spec(2, 100))).toMatch(/^needs/);
});

test('reservations of two tenants are separate, though their commands have one id', () => {
  const admission = new Admission({ cpus: 3, memoryMiB: 300, processes: 3 });
  expect(admission.reserve(by('one'), spec(2, 100))).toBeUndefined();
  expect(admission.reserve(by('one', 'beta'), spec(2, 100))).toBe('needs 2 cpus, and 1 of 3 are free');
  expect(admission.reserve(by('one', 'beta'), spec(1, 100))).toBeUndefined();
  admission.release(by('one', 'beta'));
  expect(admission.used).toEqual({ cpus: 2, memoryMiB: 100, processes: 1 });
});

test("a reservation becomes the VM's use without being free in between", () => {
  const admission = new Admission({ cpus: 2, memoryMiB: 100, processes: 1 });
  admission.reserve(by('one'), spec(2, 100));
  admission.follow(absent, vm('pending'));
  expect(admission.reserve(by('two'), spec(1, 32))).toMatch(/^needs/);
  admission.release(by('one'));
  expect(admission.used).toEqual({ cpus: 2, memoryMiB: 100, processes: 1 });
  expect(admission.reserve(by('two'), spec(1, 32))).toBe('needs 1 cpus, and 0 of 2 are free');
});

test('a VM uses its capacity in every state until it is deleted; then it is released and the callback runs', () => {
  let released = 0;
  const admission = new Admission({ cpus: 2, memoryMiB: 100, processes: 1 }, () => {
    released += 1;
  });
  let before: Vm = absent;
  for (const state of ['pending', 'created', 'running', 'paused', 'stopped', 'failed', 'lost'] as const) {
    const after = vm(state);
    admission.follow(before, after);
    expect([state, admission.used]).toEqual([state, { cpus: 2, memoryMiB: 100, processes: 1 }]);
    before = after;
  }
  expect(released).toBe(0);
  admission.follow(before, vm('deleted'));
  expect(released).toBe(1);
  expect(admission.used).toEqual({ cpus: 0, memoryMiB: 0, processes: 0 });
  expect(admission.reserve(by('next'), spec(2, 100))).toBeUndefined();
});
