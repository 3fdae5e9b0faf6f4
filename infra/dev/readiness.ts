// Waits until a service says that it is ready, and says what it is waiting for when that takes long.
import { delay } from '@ironlog/service-kit';

const EVERY_MS = 25;

const ask = async (url: string): Promise<string | undefined> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    const text = await response.text();
    return response.status === 200 ? undefined : text.slice(0, 300);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** @throws Error with the last answer when `withinMs` is over. */
export const waitUntilReady = async (url: string, withinMs: number, signal: AbortSignal): Promise<void> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const notReady = await ask(url);
    if (notReady === undefined) return;
    if (performance.now() >= deadline) throw new Error(`${url} is not ready after ${withinMs} ms: ${notReady}`);
    await delay(EVERY_MS, signal);
  }
};
