// What a call to a hypervisor comes to: a value or a named failure, never a throw; the other side may say anything.
export type FailureCode =
  | 'timeout'
  | 'aborted'
  | 'refused'
  | 'bad-answer'
  | 'failed'
  | 'unsupported'
  | 'not-found'
  | 'spawn-failed';

export interface CallFailure {
  readonly ok: false;
  readonly code: FailureCode;
  readonly reason: string;
  /** The same call may succeed later with nothing changed. */
  readonly retryable: boolean;
}
export type CallOutcome<T = void> = { readonly ok: true; readonly value: T } | CallFailure;

export const done = <T>(value: T): CallOutcome<T> => ({ ok: true, value });
export const DONE: CallOutcome = { ok: true, value: undefined };

const RETRYABLE: readonly FailureCode[] = ['timeout', 'refused', 'bad-answer'];
export const failure = (code: FailureCode, reason: string): CallFailure => ({
  ok: false,
  code,
  reason: reason.slice(0, 1000),
  retryable: RETRYABLE.includes(code),
});
