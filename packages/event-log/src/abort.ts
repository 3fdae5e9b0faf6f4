// Stops waiting when a signal aborts. The awaited work continues: the caller must tolerate either result.

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
