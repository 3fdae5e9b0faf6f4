// Clients that ask for one path without a pause while something else is measured.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

export interface Asking {
  readonly url: string;
  readonly token: string;
  readonly path: string;
  readonly clients: number;
}

const statusesSchema = z.record(z.string(), z.int());

/** With what `act` told, how often the clients were given which status. */
export const askMeanwhile = async <Told>(
  asking: Asking,
  act: () => Promise<Told>,
): Promise<{ readonly told: Told; readonly statuses: Readonly<Record<string, number>> }> => {
  const thread = new Worker(new URL('./askers.ts', import.meta.url), { workerData: asking });
  try {
    await once(thread, 'online');
    const told = await act();
    const ended = once(thread, 'message');
    thread.postMessage('end');
    const [statuses] = await ended;
    return { told, statuses: statusesSchema.parse(statuses) };
  } finally {
    // Before the gateway that it asks, also where `act` has failed.
    await thread.terminate();
  }
};
