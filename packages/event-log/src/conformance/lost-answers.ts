// A publish whose answer is lost: the append finds out whether it was stored, and never stores twice.
import { expect, it } from 'vitest';
import { testVm, vmEvent } from '../fixtures/events.fixture.ts';
import { until } from '../fixtures/until.fixture.ts';
import { appendTo, committed, idsOf, type LogUnderTest } from './log-under-test.ts';

export const describeLostAnswers = (make: () => LogUnderTest): void => {
  it('finds its own event after its ack was lost', async () => {
    const { log, other, lose } = make();
    const vm = testVm();
    const event = vmEvent(vm, 1);
    lose('replies');
    const pending = appendTo(log, vm, { event });
    const stored = await until('the event is stored', async () => (await other.readSince(vm.filter, 0))[0]);
    lose('nothing');
    expect(await pending).toEqual({ kind: 'committed', sequence: stored.sequence, hash: stored.hash });
    expect(await log.readSince(vm.filter, 0)).toHaveLength(1);
  });

  it('finds its own event after its ack was lost and another writer appended after it', async () => {
    const { log, other, lose } = make();
    const vm = testVm();
    const event = vmEvent(vm, 1);
    lose('replies');
    const pending = appendTo(log, vm, { event });
    const stored = await until('the event is stored', async () => (await other.readSince(vm.filter, 0))[0]);
    committed(await appendTo(other, vm, { event: vmEvent(vm, 2), expected: stored.sequence }));
    lose('nothing');
    expect(await pending).toEqual({ kind: 'committed', sequence: stored.sequence, hash: stored.hash });
    expect(await log.readSince(vm.filter, 0)).toHaveLength(2);
  });

  it('appends once the link is restored when nothing was stored', async () => {
    const { log, lose, failedAttempts } = make();
    const vm = testVm();
    const failedBefore = failedAttempts();
    lose('requests');
    const pending = appendTo(log, vm);
    await until('an attempt has failed', () => failedAttempts() > failedBefore);
    lose('nothing');
    committed(await pending);
    expect(await log.readSince(vm.filter, 0)).toHaveLength(1);
  });

  it('reports the conflict when another writer appended first while the link was down', async () => {
    const { log, other, lose, failedAttempts } = make();
    const vm = testVm();
    const failedBefore = failedAttempts();
    lose('requests');
    const pending = appendTo(log, vm);
    await until('an attempt has failed', () => failedAttempts() > failedBefore);
    const winner = vmEvent(vm, 1);
    await appendTo(other, vm, { event: winner });
    lose('nothing');
    const result = await pending;
    expect(result.kind === 'conflict' && idsOf(result.entries)).toEqual([winner.id]);
  });

  it('returns unknown when the caller gives up, and the same event can be appended again', async () => {
    const { log, other, lose } = make();
    const vm = testVm();
    const event = vmEvent(vm, 1);
    const giveUp = new AbortController();
    lose('replies');
    const pending = appendTo(log, vm, { event, signal: giveUp.signal });
    await until('the event is stored', async () => (await other.readSince(vm.filter, 0))[0]);
    giveUp.abort();
    expect((await pending).kind).toBe('unknown');
    lose('nothing');
    committed(await appendTo(log, vm, { event }));
    expect(await log.readSince(vm.filter, 0)).toHaveLength(1);
  });

  it('does not publish for a caller that has already given up', async () => {
    const { log } = make();
    const vm = testVm();
    expect((await appendTo(log, vm, { signal: AbortSignal.abort() })).kind).toBe('unknown');
    expect(await log.readSince(vm.filter, 0)).toEqual([]);
  });
};
