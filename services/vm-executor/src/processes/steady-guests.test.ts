// A guest in a loop of restarts is recorded as steady once it has run long enough, even by an executor that saw no restart.
import { initialVm, type Vm } from '@ironlog/domain';
import { createMemoryEventLog } from '@ironlog/event-log';
import type { VmFact } from '@ironlog/schemas';
import { tenantId, vmId } from '@ironlog/schemas';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { VmRef } from '../host/state-directory.ts';
import { HOST, TENANT, testHost } from '../host.fixture.ts';
import { VmLog } from '../vms/vm-log.ts';
import { SteadyGuests, steadyFact } from './steady-guests.ts';

const MINUTE = 60_000;

describe('on record', () => {
  const host = testHost();
  const inLoop = async (minutesAgo: number): Promise<VmRef['vmId']> => {
    const { id } = await host.made(true);
    const now = () => new Date(Date.now() - minutesAgo * MINUTE);
    const { signal } = new AbortController();
    const log = createMemoryEventLog({ stream: host.stream });
    const deps = { log, host: HOST, now, signal, onChange: () => undefined };
    const vm = await VmLog.load(deps, { tenant: TENANT, vmId: id }, undefined);
    const fact: VmFact = { name: 'rebooted', data: { epoch: 1, cause: 'guest', forced: false, times: 5 } };
    await vm.append(() => ({ fact, meta: { actor: HOST } }));
    expect(vm.vm.attention?.kind).toBe('reboot-loop');
    return id;
  };

  test('the next executor records it when the time has passed', async () => {
    const id = await inLoop(11);
    await host.start();
    await host.until(id, 'guest-steady');
    expect((await host.last(id))?.data).toMatchObject({ epoch: 1 });
  });

  test('the next executor does not record it earlier', async () => {
    const id = await inLoop(1);
    await host.start();
    await host.stop();
    expect((await host.last(id))?.name).toBe('rebooted');
  });
});

describe('the timer', () => {
  const START = Date.parse('2026-01-01T00:00:00.000Z');
  const due: VmRef[] = [];
  let guests: SteadyGuests;
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
    due.length = 0;
    guests = new SteadyGuests({ now: () => new Date(), onDue: (ref) => due.push(ref) });
  });
  afterEach(() => {
    guests.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
  const looping = (lastMs: number): Vm => ({
    ...initialVm(tenantId('acme'), vmId('vm-1')),
    state: 'running',
    epoch: 3,
    attention: { kind: 'reboot-loop', since: new Date(START).toISOString(), reason: '', actionRequired: '' },
    guestReboots: [{ at: new Date(START + lastMs).toISOString(), times: 5 }],
  });

  test('counts from the newest restart', () => {
    guests.watch(looping(0));
    vi.advanceTimersByTime(9 * MINUTE);
    guests.watch(looping(9 * MINUTE));
    vi.advanceTimersByTime(10 * MINUTE - 1);
    expect(due).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(due).toEqual([{ tenant: 'acme', vmId: 'vm-1' }]);
  });

  test('is cleared for a VM that is no longer in a loop', () => {
    guests.watch(looping(0));
    guests.watch({ ...looping(0), attention: null, guestReboots: [] });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('appends nothing that is not true yet', () => {
    const vm = looping(0);
    expect(steadyFact(vm, new Date(START + 10 * MINUTE - 1))).toBeUndefined();
    expect(steadyFact(vm, new Date(START + 10 * MINUTE))).toEqual({
      name: 'guest-steady',
      data: { epoch: 3, forMs: 10 * MINUTE },
    });
  });
});
