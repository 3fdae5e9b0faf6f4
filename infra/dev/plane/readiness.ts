// Waits until a service is ready, and prints what it waits for when that takes long.
import { delay } from '@ironlog/service-kit';

const EVERY_MS = 25;
const READY_WITHIN_MS = 60_000;

const whyNotReady = async (url: string, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(1000)]) });
    const text = await response.text();
    return response.status === 200 ? undefined : text.slice(0, 300);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** @throws Error with the last answer after `withinMs`; the signal's reason when it is aborted. */
export const waitUntilReady = async (url: string, withinMs: number, signal: AbortSignal): Promise<void> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const notReady = await whyNotReady(url, signal);
    if (notReady === undefined) return;
    if (performance.now() >= deadline) throw new Error(`${url} is not ready after ${withinMs} ms: ${notReady}`);
    await delay(EVERY_MS, signal);
  }
};

/** Resolves when all are ready; `failed` rejects when one never will be, and then the polling ends. */
export const whenAllReady = async (
  urls: readonly string[],
  failed: Promise<never>,
  signal: AbortSignal,
): Promise<void> => {
  const decided = new AbortController();
  const asking = AbortSignal.any([signal, decided.signal]);
  try {
    await Promise.race([Promise.all(urls.map((url) => waitUntilReady(url, READY_WITHIN_MS, asking))), failed]);
  } finally {
    // Further requests would keep the process alive until their timeout.
    decided.abort();
  }
};
