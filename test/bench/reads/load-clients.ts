// The thread of the clients that repeat one request: their own work does not affect the measurement.
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
  while (!isOver) {
    const status = await client.send('GET', path);
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
};
parentPort?.once('message', () => {
  isOver = true;
});
await Promise.all(Array.from({ length: clients }, ask));
await client.close();
parentPort?.postMessage(statuses);
