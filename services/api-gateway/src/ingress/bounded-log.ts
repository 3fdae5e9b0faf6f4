// The event log with a time limit on reads, for work that a caller waits for: the log itself retries for longer.
import { type EventLog, LogUnavailableError } from '@ironlog/event-log';

const READ_WITHIN_MS = 4_000;

/** An abandoned read continues without effect. Rejects with LogUnavailableError, as the log itself would later. */
export const boundedLog = (log: EventLog, withinMs = READ_WITHIN_MS): EventLog => ({
  ...log,
  info: () => within(withinMs, log.info()),
  readSince: (...args) => within(withinMs, log.readSince(...args)),
});

const within = async <T>(ms: number, read: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new LogUnavailableError(`the log has not been read within ${ms} ms`, undefined));
  }, ms);
  try {
    return await Promise.race([read, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
