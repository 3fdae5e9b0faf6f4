/** How a service ends by its own decision (superseded, connection closed for good): a value, not an exception. */

/** Exit codes of a service, after sysexits.h. They tell a supervisor whether a restart can help. */
export const ExitCode = {
  /** Stopped on request. */
  ok: 0,
  /** A bug or a broken invariant: restart, and read the log. */
  software: 70,
  /** The environment failed; a restart may help. */
  temporary: 75,
  /** A configuration error: a restart fails the same way. */
  config: 78,
} as const;

/** Why a service ended itself. */
export interface ServiceEnd {
  /** Short and stable, for logs and alerts: `superseded`, `nats-closed`. */
  readonly code: string;
  /** One sentence for an operator: the cause and the action. */
  readonly reason: string;
  readonly exitCode: number;
}

/** The one place where a part of a service requests its end; the first request counts. */
export interface SelfStop {
  readonly ended: Promise<ServiceEnd>;
  end(end: ServiceEnd): void;
}

/** A `SelfStop` without a request yet. */
export const createSelfStop = (): SelfStop => {
  const { promise, resolve } = Promise.withResolvers<ServiceEnd>();
  return { ended: promise, end: resolve };
};
