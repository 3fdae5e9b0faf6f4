import type { Vm } from '@ironlog/domain';
import { describe, expect, it } from 'vitest';
import { crashed, createVm } from '../fixtures/host-1.fixture.ts';
import { bench, someVm } from '../fixtures/unit.fixture.ts';
import { appendAsRecovery, type RecoveryFact } from './append-as-recovery.ts';

const lost = (vm: Vm): RecoveryFact | undefined =>
  vm.owner && vm.state !== 'lost' ? { fact: { name: 'lost', data: { host: vm.owner, reason: 'gone' } } } : undefined;

describe('an event by recovery', () => {
  it('is appended once, though two runs decide it', async () => {
    const [test, ref] = [await bench(), someVm()];
    await createVm(test.host, ref, {}, true);
    const outcomes = await Promise.all([appendAsRecovery(test, ref, lost), appendAsRecovery(test, ref, lost)]);
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['appended', 'skipped']);
    expect(test.names().filter((name) => name === 'lost')).toHaveLength(1);
    expect((await test.host.vm(ref)).state).toBe('lost');
  });

  it('is decided again when the owner appended first', async () => {
    const [test, ref] = [await bench(), someVm()];
    await createVm(test.host, ref, {}, true);
    const seen: string[] = [];
    const log = {
      append: async (request: Parameters<typeof test.log.append>[0]) => {
        if (seen.length === 1) await test.host.append(ref, crashed(1));
        return test.log.append(request);
      },
    };
    const outcome = await appendAsRecovery({ ...test, log }, ref, (vm) => {
      seen.push(vm.state);
      return vm.state === 'running' ? lost(vm) : undefined;
    });
    expect([outcome.kind, seen]).toEqual(['skipped', ['running', 'failed']]);
  });

  it('is refused before it is appended when no reader would fold it', async () => {
    const [test, ref] = [await bench(), someVm()];
    const vm = await createVm(test.host, ref, {}, true);
    if (!vm.owner) throw new Error('the VM has no owner');
    const data = { host: vm.owner, reason: 'x'.repeat(2001) };
    await expect(appendAsRecovery(test, ref, () => ({ fact: { name: 'lost', data } }))).rejects.toThrow(
      'would not be folded',
    );
    await expect(appendAsRecovery(test, ref, () => ({ fact: { name: 'booted', data: { epoch: 1 } } }))).rejects.toThrow(
      'recovery may not append booted',
    );
    expect(test.names().at(-1)).toBe('booted');
    expect(await test.host.vm(ref)).toEqual(vm);
  });
});
