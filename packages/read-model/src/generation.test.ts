import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tenantId, vmId } from '@ironlog/schemas';
import { expect, test, vi } from 'vitest';
import { whyAnotherStream } from './checkpoint.ts';
import { openWriter } from './database.ts';
import { currentFile, nextFile, publish, removeUnread, retract } from './generation.ts';
import { testLog } from './lifecycle.fixture.ts';
import { foldAndCommit } from './projections/projection.ts';
import { createStateProjection } from './projections/state.ts';
import { modelOf, temporaryDirectory } from './read-model.fixture.ts';
import { openReader, ReadModelNotReady } from './reader.ts';
import { STATE_TABLES } from './tables.ts';

const acme = tenantId('acme');
test('only the owner may read the files and their directory', () => {
  const log = testLog();
  log.vm(acme, vmId('vm-1')).claim();
  const model = modelOf(log);
  try {
    expect(statSync(model.directory).mode & 0o777).toBe(0o700);
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(model.stateFile + suffix).mode & 0o777).toBe(0o600);
    expect(statSync(join(model.directory, 'current-state')).mode & 0o777).toBe(0o600);
  } finally {
    model.remove();
  }
});

test('a reader without files reports it, and reads as soon as they exist', () => {
  const directory = temporaryDirectory();
  const reader = openReader({ directory });
  expect(() => reader.positions()).toThrow(ReadModelNotReady);
  const file = nextFile(directory, 'state');
  const db = openWriter(file, STATE_TABLES);
  publish(directory, 'state', file);
  expect(reader.vm(acme, vmId('vm-1'))).toBeUndefined();
  // The other file's rebuild may take long; queries of `state` do not wait for it.
  expect(reader.positions()).toEqual({ events: 0, work: 0 });
  expect(() => reader.historyPosition()).toThrow(ReadModelNotReady);
  reader.close();
  db.close();
  rmSync(directory, { recursive: true });
});

test('a reader changes to the next generation, and closes a retracted one', async () => {
  const log = testLog();
  const vm = log.vm(acme, vmId('vm-1'));
  vm.claim();
  const model = modelOf(log);
  try {
    expect(model.reader.vm(acme, vmId('vm-1'))?.state).toBe('pending');
    vm.append('created');
    const file = nextFile(model.directory, 'state');
    const next = openWriter(file, STATE_TABLES);
    foldAndCommit(createStateProjection(next, log.info()), log.entries);
    publish(model.directory, 'state', file);
    await vi.waitFor(() => expect(model.reader.vm(acme, vmId('vm-1'))?.state).toBe('created'));
    retract(model.directory, 'state');
    await vi.waitFor(() => expect(() => model.reader.vm(acme, vmId('vm-1'))).toThrow(ReadModelNotReady));
    next.close();
  } finally {
    model.remove();
  }
});

test('a file with another schema version is not read', () => {
  const directory = temporaryDirectory();
  const file = nextFile(directory, 'state');
  const db = openWriter(file, STATE_TABLES);
  db.pragma('user_version = 99');
  publish(directory, 'state', file);
  const reader = openReader({ directory });
  expect(() => reader.vm(acme, vmId('vm-1'))).toThrow(ReadModelNotReady);
  reader.close();
  db.close();
  rmSync(directory, { recursive: true });
});

const newGeneration = (directory: string): string => {
  const file = nextFile(directory, 'history');
  openWriter(file, STATE_TABLES).close();
  return file;
};
const filesIn = (directory: string): string[] => readdirSync(directory).filter((name) => name.includes('.db'));

test('the name of an existing generation is not reused, and old ones are removed', () => {
  const directory = temporaryDirectory();
  for (const name of ['history.1.db', 'history.2.db', 'history.3.db']) {
    const file = newGeneration(directory);
    expect(file).toBe(join(directory, name));
    publish(directory, 'history', file);
    publish(directory, 'history', file);
    removeUnread(directory, 'history');
  }
  expect(filesIn(directory)).toEqual(['history.2.db', 'history.3.db']);
  rmSync(directory, { recursive: true });
});

test('unpublished files are removed; current, previous and retracted ones stay', () => {
  const directory = temporaryDirectory();
  const publishNext = (): void => publish(directory, 'history', newGeneration(directory));
  publishNext();
  for (let cutOff = 2; cutOff <= 4; cutOff += 1) writeFileSync(`${newGeneration(directory)}-wal`, '');
  // A reader that has just read the pointer is about to open history.1.db.
  publishNext();
  removeUnread(directory, 'history');
  expect(filesIn(directory)).toEqual(['history.1.db', 'history.5.db']);
  retract(directory, 'history');
  retract(directory, 'history');
  newGeneration(directory);
  removeUnread(directory, 'history');
  expect(currentFile(directory, 'history')).toBeUndefined();
  expect(filesIn(directory)).toEqual(['history.5.db']);
  rmSync(directory, { recursive: true });
});

test('the name of a file that was moved away is not reused', () => {
  const directory = temporaryDirectory();
  publish(directory, 'history', newGeneration(directory));
  rmSync(join(directory, 'history.1.db'));
  expect(nextFile(directory, 'history')).toBe(join(directory, 'history.2.db'));
  rmSync(directory, { recursive: true });
});

test('another or shorter stream is distinguished from the followed one', () => {
  const createdAt = new Date('2026-01-01T00:00:00.000Z');
  const checkpoint = { sequence: 10, logCreatedAt: createdAt.toISOString() };
  expect(whyAnotherStream(checkpoint, { createdAt, lastSequence: 10 })).toBeUndefined();
  expect(whyAnotherStream(checkpoint, { createdAt, lastSequence: 9 })).toContain('older copy');
  expect(whyAnotherStream(checkpoint, { createdAt: new Date(0), lastSequence: 99 })).toContain('1970');
  expect(whyAnotherStream({ sequence: 0, logCreatedAt: undefined }, { createdAt, lastSequence: 0 })).toBeUndefined();
});
