// Appends under expectation: the commit, the conflict with its entries, and the errors of a bug.
import { encodeEvent, sourceOf, vmEventSubject } from '@ironlog/schemas';
import { expect, it } from 'vitest';
import { REJECTION_SUBJECT, rejection, TENANT, testVm, vmEvent } from '../fixtures/events.fixture.ts';
import { hashOf } from '../recorded.ts';
import { appendTo, bytesOf, committed, idsOf, type LogUnderTest } from './log-under-test.ts';

export const describeAppend = (make: () => LogUnderTest): void => {
  it('stores an event once, at a sequence, and hashes the stored bytes', async () => {
    const { log } = make();
    const vm = testVm();
    const event = vmEvent(vm, 1);
    const sequence = committed(await appendTo(log, vm, { event }));
    const [entry, ...more] = await log.readSince(vm.filter, 0);
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      sequence,
      subject: vm.subject,
      messageId: event.id,
      hash: hashOf(encodeEvent(event)),
    });
    expect(entry?.read).toEqual({ ok: true, stored: { kind: 'vm', writer: 'host-1', event } });
  });

  it('refuses a stale writer and lists the entries it has not folded, in order', async () => {
    const { log, other } = make();
    const vm = testVm();
    const first = committed(await appendTo(log, vm));
    const [second, third] = [vmEvent(vm, 2), vmEvent(vm, 3)];
    const at = committed(await appendTo(other, vm, { event: second, expected: first }));
    await appendTo(other, vm, { event: third, expected: at });
    const result = await appendTo(log, vm, { expected: first });
    expect(result.kind === 'conflict' && idsOf(result.entries)).toEqual([second.id, third.id]);
    expect(await log.readSince(vm.filter, 0)).toHaveLength(3);
  });

  it('lists entries that are no events in a conflict, too: they moved the sequence', async () => {
    const { log, write } = make();
    const vm = testVm();
    const first = committed(await appendTo(log, vm));
    const garbage = await write({ subject: vm.subject, bytes: bytesOf('{not json') });
    const result = await appendTo(log, vm, { event: vmEvent(vm, 2), expected: first });
    if (result.kind !== 'conflict') throw new Error(`no conflict: ${result.kind}`);
    expect(result.entries.map(({ sequence, read }) => ({ sequence, ok: read.ok }))).toEqual([
      { sequence: garbage, ok: false },
    ]);
    expect(await appendTo(log, vm, { event: vmEvent(vm, 2), expected: garbage })).toMatchObject({ kind: 'committed' });
  });

  it("counts another writer's event on another subject of the VM", async () => {
    const { log, other } = make();
    const vm = testVm();
    const first = committed(await appendTo(log, vm));
    const verdict = { ...vmEvent(vm, 2), source: sourceOf('recovery') };
    const subject = vmEventSubject(TENANT, vm.id, 'recovery', verdict.name);
    committed(await other.append({ subject, event: verdict, filter: vm.filter, expected: first }));
    const result = await appendTo(log, vm, { expected: first });
    expect(result.kind === 'conflict' && idsOf(result.entries)).toEqual([verdict.id]);
  });

  it('is independent of appends to other VMs', async () => {
    const { log, other } = make();
    const [vm, otherVm] = [testVm(), testVm()];
    const first = committed(await appendTo(log, vm));
    await appendTo(other, otherVm);
    expect(await appendTo(log, vm, { event: vmEvent(vm, 2), expected: first })).toMatchObject({ kind: 'committed' });
  });

  it("answers an append repeated by another process with the first one's sequence", async () => {
    const { log, other } = make();
    const vm = testVm();
    const event = vmEvent(vm, 1);
    const sequence = committed(await appendTo(other, vm, { event }));
    expect(await appendTo(log, vm, { event })).toEqual({
      kind: 'committed',
      sequence,
      hash: hashOf(encodeEvent(event)),
    });
    expect(await log.readSince(vm.filter, 0)).toHaveLength(1);
  });

  it('does not take another event with the same id for its own', async () => {
    const { log, other } = make();
    const vm = testVm();
    const event = vmEvent(vm, 1);
    await appendTo(other, vm, { event });
    const result = await appendTo(log, vm, { event: { ...event, actor: 'someone-else' } });
    expect(result).toMatchObject({ kind: 'conflict', entries: [{ messageId: event.id }] });
  });

  it('throws when the id is that of an entry elsewhere', async () => {
    const { log } = make();
    const [vm, otherVm] = [testVm(), testVm()];
    const event = vmEvent(otherVm, 1);
    await appendTo(log, otherVm, { event });
    await expect(appendTo(log, vm, { event: { ...vmEvent(vm, 1), id: event.id } })).rejects.toMatchObject({
      code: 'event-id-reused',
    });
  });

  it('throws when the subject is outside the filter of its expectation', async () => {
    const { log } = make();
    const [vm, otherVm] = [testVm(), testVm()];
    await expect(
      log.append({ subject: vm.subject, event: vmEvent(vm, 1), filter: otherVm.filter, expected: 0 }),
    ).rejects.toMatchObject({ code: 'subject-outside-filter' });
  });

  it('throws when the expectation is ahead of anything stored: it came from another log', async () => {
    const { log } = make();
    const { lastSequence } = await log.info();
    await expect(appendTo(log, testVm(), { expected: lastSequence + 1_000 })).rejects.toMatchObject({
      code: 'log-replaced',
    });
  }, 30_000);

  it('stores a rejection once, however often it is appended', async () => {
    const { log, other } = make();
    const event = rejection(testVm());
    const first = await log.appendRejection(REJECTION_SUBJECT, event);
    const again = await other.appendRejection(REJECTION_SUBJECT, { ...event, time: '2026-01-02T03:04:06.000Z' });
    expect(first.kind).toBe('committed');
    expect(again).toEqual(first);
  });
};
