import { vmSpecSchema } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { deleteDueAt, stuckDueAt } from './due.ts';
import { at, CREATED, given, IN_FLIGHT, LATER, RUNNING } from './story.fixture.ts';

test('a task is due to be reported once, after its deadline', () => {
  expect(stuckDueAt(given(...RUNNING))).toBeUndefined();
  expect(stuckDueAt(given(...IN_FLIGHT.boot))).toBe(LATER);
  expect(stuckDueAt(given(...IN_FLIGHT.boot, 'stuck'))).toBeUndefined();
  // A report of the previous task does not count for this one.
  expect(stuckDueAt(given(...IN_FLIGHT.boot, 'stuck', 'booted', 'pause-started'))).toBe(LATER);
});

test('a VM with a time to live is due for deletion at its end, until a delete is requested', () => {
  const claimed = ['claimed', { data: { spec: vmSpecSchema.parse({ expiresAfterSeconds: 60 }) } }] as [
    'claimed',
    object,
  ];
  expect(deleteDueAt(given(...CREATED))).toBeUndefined();
  expect(deleteDueAt(given(claimed))).toBe(at(60));
  expect(deleteDueAt(given(claimed, 'created', 'delete-started'))).toBeUndefined();
  expect(deleteDueAt(given(claimed, 'created', 'delete-started', 'delete-failed'))).toBeUndefined();
  expect(deleteDueAt(given(claimed, 'created', 'delete-started', 'deleted'))).toBeUndefined();
});
