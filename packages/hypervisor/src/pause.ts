// A pause between two polls, which the caller's deadline cuts short.
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds; resolves early, and never rejects, when the deadline fires. */
export async function pause(milliseconds: number, deadline: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal: deadline });
  } catch (error) {
    if (!deadline.aborted) throw error;
  }
}
