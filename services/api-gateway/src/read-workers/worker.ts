// The thread of a read worker: answers one query at a time from its own read-only handle.
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { openReader } from '@ironlog/read-model';
import { z } from 'zod';
import { answer } from './answer.ts';
import { type Question, READY } from './question.ts';

/** The projector's value: a long query yields to other threads of the machine. On Linux, pid 0 is the calling thread. */
const NICENESS = 5;

const { directory } = z.object({ directory: z.string() }).parse(workerData);
if (process.platform === 'linux') setPriority(0, NICENESS);
const reader = openReader({ directory, switches: 'on-call' });
parentPort?.on('message', async (question: Question) => {
  const reply = await answer(reader, question);
  parentPort?.postMessage(reply, reply.kind === 'page' && reply.body ? [reply.body.bytes.buffer] : []);
});
parentPort?.postMessage(READY);
