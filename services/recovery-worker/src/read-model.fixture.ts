// For tests: a read model in a folder of its own, kept up with a log by the projections themselves.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog, Recorded } from '@ironlog/event-log';
import {
  createHistoryProjection,
  createPendingProjection,
  createStateProjection,
  foldAndCommit,
  HISTORY_TABLES,
  nextFile,
  openWriter,
  publish,
  STATE_TABLES,
} from '@ironlog/read-model';

export interface TestReadModel {
  readonly directory: string;
  /** Folds what EVENTS holds after the last time. */
  catchUp(): Promise<void>;
  /** Folds messages of WORK. */
  addWork(entries: readonly Recorded[]): void;
  remove(): void;
}

export const testReadModel = async (log: EventLog): Promise<TestReadModel> => {
  const directory = mkdtempSync(join(tmpdir(), 'ironlog-recovery-'));
  const stateFile = nextFile(directory, 'state');
  const state = openWriter(stateFile, STATE_TABLES);
  const historyFile = nextFile(directory, 'history');
  const history = openWriter(historyFile, HISTORY_TABLES);
  const info = await log.info();
  const events = createStateProjection(state, info);
  const past = createHistoryProjection(history, info);
  const pending = createPendingProjection(state, info);
  publish(directory, 'state', stateFile);
  publish(directory, 'history', historyFile);
  return {
    directory,
    catchUp: async () => {
      const { lastSequence } = await log.info();
      const after = events.checkpoint().sequence;
      if (lastSequence <= after) return;
      const batch: Recorded[] = [];
      for await (const entry of log.replay({ after, until: lastSequence })) batch.push(entry);
      foldAndCommit(events, batch);
      foldAndCommit(past, batch);
    },
    addWork: (entries) => {
      foldAndCommit(pending, entries);
    },
    remove: () => {
      state.close();
      history.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
