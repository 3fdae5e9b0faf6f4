// Clients that request one path without a pause while something else is measured.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

export interface Load {
  readonly url: string;
  readonly token: string;
  readonly path: string;
  readonly clients: number;
}

const statusesSchema = z.record(z.string(), z.int());

/** Returns the result of `act`, and the number of the clients' answers by status. */
export const withLoad = async <Result>(
  load: Load,
  act: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly statuses: Readonly<Record<string, number>> }> => {
  const thread = new Worker(new URL('./load-clients.ts', import.meta.url), { workerData: load });
  try {
    // Each client has its first answer.
    await once(thread, 'message');
    const result = await act();
    const ended = once(thread, 'message');
    thread.postMessage('end');
    const [statuses] = await ended;
    return { result, statuses: statusesSchema.parse(statuses) };
  } finally {
    // Before the gateway that it asks, also where `act` has failed.
    await thread.terminate();
  }
};
