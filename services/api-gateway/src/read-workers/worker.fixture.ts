// For tests, as the script of a thread: a read worker that dies of one question, as by a fault in SQLite or in Node.
import { parentPort } from 'node:worker_threads';
import type { Question } from './question.ts';
import './worker.ts';

parentPort?.on('message', ({ args }: Question) => {
  if (args[0] === 'deadly') process.exit(1);
});
