// Errors of the log that are broken invariants or bugs, each with a code. Expected outcomes are values.

export type EventLogErrorCode =
  | 'append-refused'
  | 'event-id-reused'
  | 'expectation-ahead'
  | 'log-replaced'
  | 'log-unavailable'
  | 'no-server-time'
  | 'subject-outside-filter';

export class EventLogError extends Error {
  readonly code: EventLogErrorCode;
  constructor(code: EventLogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EventLogError';
    this.code = code;
  }
}

/** The log is another one, or shorter, than the one read before: a restored backup. Stop; an operator must decide. */
export class LogReplacedError extends EventLogError {
  constructor(message: string) {
    super(
      'log-replaced',
      `${message}; the log was replaced or restored from a backup: stop, and rebuild what was folded from it`,
    );
    this.name = 'LogReplacedError';
  }
}

/** The log cannot be read at present. Reads have no effect: the caller may retry. */
export class LogUnavailableError extends EventLogError {
  constructor(message: string, cause: unknown) {
    super('log-unavailable', message, { cause });
    this.name = 'LogUnavailableError';
  }
}

/** Converts any thrown value to an Error with a message. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
