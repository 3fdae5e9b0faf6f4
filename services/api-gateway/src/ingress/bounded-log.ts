// The log for whoever has a caller waiting: its reads, which are tried for longer than a caller should stand there, end in time.
import { type EventLog, LogUnavailableError } from '@ironlog/event-log';

const READ_WITHIN_MS = 4_000;

/** What was given up goes on unheard: a read has no effect. Rejects with LogUnavailableError, as the log itself would later. */
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
