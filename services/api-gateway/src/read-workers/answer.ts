// The worker's side: answers one query from a reader, at or after the position that the query names.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Reader, ReadModelNotReady } from '@ironlog/read-model';
import { makePage } from './make-page.ts';
import { FILE_OF, type Question, type Reply } from './question.ts';

const MAX_WAIT_MS = 2_000;
const PAUSE_MS = 5;

/** `reader` switches files on call. */
export const answer = async (reader: Reader, question: Question): Promise<Reply> => {
  try {
    const deadline = performance.now() + MAX_WAIT_MS;
    // No other code switches the file between this check and the rows: both are of the same file.
    for (reader.follow(); !hasReached(reader, question); reader.follow()) {
      if (performance.now() >= deadline) return { kind: 'behind' };
      await sleep(PAUSE_MS);
    }
    const value = ask(reader, question);
    if (!('page' in question)) return { kind: 'answer', value };
    const { name, args, page } = question;
    return { kind: 'page', body: makePage(value, { reader, name, args, ...page }) };
  } catch (error) {
    if (error instanceof ReadModelNotReady) return { kind: 'not-ready' };
    return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
  }
};

const hasReached = (reader: Reader, { name, atLeast }: Question): boolean => {
  if (FILE_OF[name] === 'history') return reader.historyPosition() >= atLeast.events;
  const { events, work } = reader.positions();
  return events >= atLeast.events && work >= atLeast.work;
};

// `queries.ts` takes the argument types from the reader itself; messages between the threads are untyped.
const ask = (reader: Reader, { name, args }: Question): unknown =>
  (reader[name] as (...given: readonly unknown[]) => unknown)(...args);
