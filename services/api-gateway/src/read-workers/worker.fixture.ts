// For tests: the script of a read worker that exits on one query, as by a fault in SQLite or in Node.
import { parentPort } from 'node:worker_threads';
import type { Question } from './question.ts';
import './worker.ts';

parentPort?.on('message', ({ args }: Question) => {
  if (args[0] === 'deadly') process.exit(1);
});
