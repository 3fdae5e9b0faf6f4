// Log identity: another creation time or a shorter log is another log; a longer one is the host's own.
import { hostId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import type { HostFile } from './host-file.ts';
import { whyAnotherLog } from './log-identity.ts';

const CREATED = '2026-01-01T00:00:00.000Z';
const HOST = hostId('host-1');
const worked = (log: HostFile['log']): HostFile => ({
  host: HOST,
  stateDirectoryId: 'one',
  log,
  scannedTo: 0,
  starts: [],
});
const info = (createdAt: string, lastSequence: number) => ({
  createdAt: new Date(createdAt),
  firstSequence: 1,
  lastSequence,
});

test('a host without a recorded log accepts any', () => {
  expect(whyAnotherLog(worked(null), info(CREATED, 0), 0)).toBeUndefined();
});

test("the same log, of the same length or longer, is the host's own", () => {
  const host = worked({ createdAt: CREATED, lastSequence: 7 });
  expect(whyAnotherLog(host, info(CREATED, 7), 0)).toBeUndefined();
  expect(whyAnotherLog(host, info(CREATED, 8), 8)).toBeUndefined();
});

test('a log with another creation time is another, of any length', () => {
  const other = whyAnotherLog(
    worked({ createdAt: CREATED, lastSequence: 7 }),
    info('2026-01-01T00:00:00.001Z', 9000),
    0,
  );
  expect(other?.reason).toBe(
    'EVENTS was created at 2026-01-01T00:00:00.001Z, this host worked with one of 2026-01-01T00:00:00.000Z',
  );
  expect(other?.actionRequired).toContain('empty state directory');
});

test("a log that ends before the host's last sequence is an older copy", () => {
  const other = whyAnotherLog(worked({ createdAt: CREATED, lastSequence: 7 }), info(CREATED, 6), 0);
  expect(other?.reason).toBe('EVENTS ends at 6, this host has seen 7: an older copy was put back');
});

test("a log that ends before a VM's snapshot is an older copy, whatever the last start recorded", () => {
  const other = whyAnotherLog(worked({ createdAt: CREATED, lastSequence: 7 }), info(CREATED, 8), 9);
  expect(other?.reason).toBe('EVENTS ends at 8, this host has seen 9: an older copy was put back');
});
