// Stops waiting when a signal aborts. What was waited for goes on: the caller must be able to live with either end.

/** `value`, or `onAbort(reason)` as soon as the signal aborts, whichever is first. */
export const unlessAborted = async <T>(
  value: Promise<T>,
  signal: AbortSignal | undefined,
  onAbort: (reason: unknown) => T,
): Promise<T> => {
  if (!signal) return value;
  const aborted = Promise.withResolvers<T>();
  const abort = (): void => aborted.resolve(onAbort(signal.reason));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([value, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
};
