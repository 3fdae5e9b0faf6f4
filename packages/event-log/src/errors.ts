// What the log refuses to go on with: broken invariants and bugs, each with a code; expected outcomes are values instead.

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

/** The log is another, or shorter, than the one that was read before: a restored backup. Stop, and let a human decide. */
export class LogReplacedError extends EventLogError {
  constructor(message: string) {
    super(
      'log-replaced',
      `${message}; the log was replaced or restored from a backup: stop, and rebuild what was folded from it`,
    );
    this.name = 'LogReplacedError';
  }
}

/** The log could not be read for now. Reads have no effect: the caller may try again. */
export class LogUnavailableError extends EventLogError {
  constructor(message: string, cause: unknown) {
    super('log-unavailable', message, { cause });
    this.name = 'LogUnavailableError';
  }
}

/** Anything thrown, as an Error with a message. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
