// The thread of the clients that ask one thing over and over: their own work is not in the way of what is measured.
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { openClient } from './client.ts';

const { url, token, path, clients } = z
  .object({ url: z.string(), token: z.string(), path: z.string(), clients: z.int() })
  .parse(workerData);

const client = openClient({ url, token });
const statuses: Record<number, number> = {};
let isOver = false;
const ask = async (): Promise<void> => {
  const status = await client.send('GET', path);
  statuses[status] = (statuses[status] ?? 0) + 1;
};
const askOn = async (): Promise<void> => {
  while (!isOver) await ask();
};
parentPort?.once('message', () => {
  isOver = true;
});
await Promise.all(Array.from({ length: clients }, ask));
parentPort?.postMessage('asking');
await Promise.all(Array.from({ length: clients }, askOn));
await client.close();
parentPort?.postMessage(statuses);
