// How a call to a hypervisor ended: a value that says what went wrong, where, and whether trying again may help.

export const OUTCOME_CODES = [
  'timeout',
  'aborted',
  'unreachable',
  'refused',
  'failed',
  'bad-answer',
  'unsupported',
] as const;

/**
 * `timeout`: the deadline passed, the effect is unknown. `aborted`: the caller gave up, likewise unknown.
 * `unreachable`: nothing listens on the socket. `refused`: the hypervisor, or its VM's state, forbids it.
 * `failed`: the hypervisor tried and failed. `bad-answer`: what came back is not its dialect (broken, half, too large).
 * `unsupported`: this hypervisor has no such thing.
 */
export type OutcomeCode = (typeof OUTCOME_CODES)[number];

export interface Refusal {
  readonly ok: false;
  readonly code: OutcomeCode;
  /** The step that failed: `spawn`, `vm.boot`, `qmp.cont` … */
  readonly stage: string;
  /** What happened, in words for the VM's tenant: it goes into events. No path of the host, no library's code. */
  readonly reason: string;
  /** What an operator looks for: paths, codes, the other side's own words. For the log alone. */
  readonly detail?: string;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;
}

export type Outcome<T extends object = object> = ({ readonly ok: true } & T) | Refusal;

const RETRYABLE: Record<OutcomeCode, boolean> = {
  timeout: true,
  aborted: true,
  unreachable: true,
  refused: false,
  failed: true,
  'bad-answer': true,
  unsupported: false,
};

const MAX_TEXT = 500;

/** A refusal whose texts are cut to 500 characters: the reason goes into an event. */
export const refusal = (code: OutcomeCode, stage: string, reason: string, detail?: string): Refusal => ({
  ok: false,
  code,
  stage,
  reason: reason.slice(0, MAX_TEXT),
  retryable: RETRYABLE[code],
  ...(detail === undefined ? {} : { detail: detail.slice(0, MAX_TEXT) }),
});

/** The refusal for a deadline that fired; timeouts are told from a caller that gave up by the signal's reason. */
export const deadlineRefusal = (deadline: AbortSignal, stage: string): Refusal => {
  const timedOut = deadline.reason instanceof DOMException && deadline.reason.name === 'TimeoutError';
  return timedOut
    ? refusal('timeout', stage, `${stage} did not finish before its deadline`)
    : refusal('aborted', stage, `${stage} was given up`, String(deadline.reason));
};
