import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, nextFile, openReader, openWriter, publish, type Reader, STATE_TABLES } from '@ironlog/read-model';
import { STREAMS } from '@ironlog/schemas';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answer } from './answer.ts';
import type { Question } from './question.ts';

const AT_TEN: Question = { name: 'hosts', args: [], atLeast: { events: 10, work: 0 } };

let directory: string;
let reader: Reader;
const opened: Db[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ironlog-answer-'));
  reader = openReader({ directory, switches: 'on-call' });
});
afterEach(() => {
  reader.close();
  for (const db of opened.splice(0)) db.close();
  rmSync(directory, { recursive: true });
});

/** The current generation from here on; it is empty. */
const newGeneration = (): Db => {
  const file = nextFile(directory, 'state');
  const db = openWriter(file, STATE_TABLES);
  opened.push(db);
  publish(directory, 'state', file);
  return db;
};
/** Adds the host, and moves the checkpoint to the sequence. */
const fold = (db: Db, host: string, sequence: number): void =>
  db.transaction(() => {
    db.prepare("INSERT INTO hosts VALUES (?, 'started', '', NULL, '{}')").run(host);
    db.prepare("INSERT OR REPLACE INTO checkpoint VALUES (?, '', ?)").run(STREAMS.events, sequence);
  })();
const hostsIn = (reply: unknown): string[] => [...JSON.stringify(reply).matchAll(/host-\d+/g)].map(([host]) => host);

test('an answer waits until the file has reached the position, and includes everything up to it', async () => {
  const db = newGeneration();
  fold(db, 'host-1', 9);
  const asked = answer(reader, AT_TEN);
  fold(db, 'host-2', 10);
  expect(hostsIn(await asked)).toEqual(['host-1', 'host-2']);
});

test('an answer waits for a new generation that is behind its predecessor', async () => {
  fold(newGeneration(), 'host-1', 10);
  expect(hostsIn(await answer(reader, AT_TEN))).toEqual(['host-1']);
  const next = newGeneration();
  const asked = answer(reader, AT_TEN);
  fold(next, 'host-2', 10);
  expect(hostsIn(await asked)).toEqual(['host-2']);
});

test('an answer comes from a generation that is swapped in during the wait', async () => {
  newGeneration();
  const asked = answer(reader, AT_TEN);
  fold(newGeneration(), 'host-3', 11);
  expect(hostsIn(await asked)).toEqual(['host-3']);
});

test('a file that does not reach the position, and a missing file, give different replies', async () => {
  expect(await answer(reader, AT_TEN)).toEqual({ kind: 'not-ready' });
  fold(newGeneration(), 'host-1', 9);
  expect(await answer(reader, AT_TEN)).toEqual({ kind: 'behind' });
});
