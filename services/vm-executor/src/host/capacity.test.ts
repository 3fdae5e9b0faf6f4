// A host's capacity: each configured value wins; the others come from the machine or the simulator.
import { availableParallelism, totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { loadFrom } from '../env.fixture.ts';
import { capacityOf } from './capacity.ts';

const MIB = 1024 * 1024;
const capacity = (env: Record<string, string>) => capacityOf(loadFrom(env));

test('a simulator offers more than any machine has, and a thousand processes', () => {
  const { cpus, memoryMiB, processes } = capacity({});
  expect(cpus).toBeGreaterThan(availableParallelism() * 100);
  expect(memoryMiB).toBeGreaterThan((totalmem() / MIB) * 100);
  expect(processes).toBe(1000);
});

test('a real hypervisor never offers more memory than the machine has', () => {
  const { cpus, memoryMiB, processes } = capacity({ IRONLOG_HYPERVISOR: 'qemu' });
  expect(cpus % availableParallelism()).toBe(0);
  expect(Number.isInteger(memoryMiB)).toBe(true);
  expect(memoryMiB).toBeGreaterThan(0);
  expect(memoryMiB).toBeLessThan(totalmem() / MIB);
  expect(processes).toBe(1000);
});

test.each(['simulator', 'qemu'])('a configured value for %s wins, and leaves the others unchanged', (kind) => {
  const IRONLOG_HYPERVISOR = kind;
  const machine = capacity({ IRONLOG_HYPERVISOR });
  expect(capacity({ IRONLOG_HYPERVISOR, IRONLOG_HOST_CPUS: '3' })).toEqual({ ...machine, cpus: 3 });
  expect(capacity({ IRONLOG_HYPERVISOR, IRONLOG_HOST_MEMORY_MIB: '77' })).toEqual({ ...machine, memoryMiB: 77 });
  expect(capacity({ IRONLOG_HYPERVISOR, IRONLOG_HOST_PROCESSES: '1' })).toEqual({ ...machine, processes: 1 });
});
