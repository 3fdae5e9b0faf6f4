/** How a service ends by its own decision (superseded, connection closed for good), as a value and not an exception. */

/** Exit codes of a service, after sysexits.h, so that a supervisor can tell what a restart would change. */
export const ExitCode = {
  /** Stopped because it was asked to. */
  ok: 0,
  /** A bug or a broken invariant: restart, and look at the log. */
  software: 70,
  /** The surroundings failed it; a restart may find them better. */
  temporary: 75,
  /** Something that only an operator can change: a restart fails the same way. */
  config: 78,
} as const;

/** Why a service ended itself. */
export interface ServiceEnd {
  /** Short and stable, for logs and alerts: `superseded`, `nats-closed`. */
  readonly code: string;
  /** One sentence for an operator: what was found and what to do. */
  readonly reason: string;
  readonly exitCode: number;
}

/** The one place where parts of a service say that it must end; the first to say so is heard. */
export interface SelfStop {
  readonly ended: Promise<ServiceEnd>;
  end(end: ServiceEnd): void;
}

/** An `Ending` that nobody has asked for yet. */
export const createSelfStop = (): SelfStop => {
  const { promise, resolve } = Promise.withResolvers<ServiceEnd>();
  return { ended: promise, end: resolve };
};
