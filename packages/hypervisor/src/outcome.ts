// The outcome of a call to a hypervisor: a value with the error, its stage, and whether a retry may help.

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
 * `timeout`: the deadline passed, the effect is unknown. `aborted`: the caller aborted, effect unknown.
 * `unreachable`: nothing listens on the socket. `refused`: the hypervisor, or its VM's state, forbids it.
 * `failed`: the hypervisor tried and failed. `bad-answer`: the answer is malformed, incomplete or too large.
 * `unsupported`: the hypervisor lacks this.
 */
export type OutcomeCode = (typeof OUTCOME_CODES)[number];

export interface Refusal {
  readonly ok: false;
  readonly code: OutcomeCode;
  /** The step that failed: `spawn`, `vm.boot`, `qmp.cont` … */
  readonly stage: string;
  /** The error for the VM's tenant: it goes into events. No host path, no library's code. */
  readonly reason: string;
  /** Details for an operator: paths, codes, the hypervisor's own message. For the log only. */
  readonly detail?: string;
  /** Whether a retry may succeed without other changes. */
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

/** A refusal whose texts are cut to 500 characters: its reason is in an event. */
export const refusal = (code: OutcomeCode, stage: string, reason: string, detail?: string): Refusal => ({
  ok: false,
  code,
  stage,
  reason: reason.slice(0, MAX_TEXT),
  retryable: RETRYABLE[code],
  ...(detail === undefined ? {} : { detail: detail.slice(0, MAX_TEXT) }),
});

/** The refusal for an aborted deadline; the signal's reason distinguishes a timeout from an abort. */
export const deadlineRefusal = (deadline: AbortSignal, stage: string): Refusal => {
  const timedOut = deadline.reason instanceof DOMException && deadline.reason.name === 'TimeoutError';
  return timedOut
    ? refusal('timeout', stage, `${stage} did not finish before its deadline`)
    : refusal('aborted', stage, `${stage} was given up`, String(deadline.reason));
};
