// Checks this host's wall clock at each measurement. Heartbeats carry its offset, and each change of its status is on
// record. The executor decides nothing by that clock, but the host's guests take their time from it.
import type { Heartbeat, HostFact } from '@ironlog/schemas';
import type { ClockOffset, Logger } from '@ironlog/service-kit';

export interface ClockBounds {
  readonly warnMs: number;
  /** Beyond it the host takes no new VM. */
  readonly refuseMs: number;
}

type ClockStatus = 'correct' | 'warned' | 'refused';
type ClockFact = Extract<HostFact, { name: 'clock-wrong' | 'clock-corrected' }>;

/** Hysteresis: an offset close to a bound must not cross it at each measurement. */
const BACK_WITHIN = 0.9;

export interface ClockWatchDeps {
  readonly bounds: ClockBounds;
  readonly incarnation: string;
  readonly append: (fact: ClockFact) => Promise<void>;
  readonly logger: Logger;
}

export class ClockWatch {
  readonly #deps: ClockWatchDeps;
  #offset: ClockOffset | undefined;
  #status: ClockStatus = 'correct';
  #recorded: { readonly status: ClockStatus; readonly offsetMs: number } = { status: 'correct', offsetMs: 0 };
  #recording: Promise<void> | undefined;

  constructor(deps: ClockWatchDeps) {
    this.#deps = deps;
  }

  /** Takes effect at once; a changed status is appended in the background. */
  check(offset: ClockOffset): void {
    this.#offset = offset;
    this.#status = statusOf(offset, this.#status, this.#deps.bounds);
    if (this.#isOnRecord(offset)) return;
    this.#recording ??= this.#record().finally(() => {
      this.#recording = undefined;
    });
  }

  /** Why this host takes no new VM; `undefined`: its clock allows new VMs. */
  get refusal(): string | undefined {
    if (this.#status !== 'refused' || !this.#offset) return undefined;
    return `has a clock ${inWords(this.#offset)} nats-server's, more than ${this.#deps.bounds.refuseMs / 1000} s`;
  }

  get reading(): Pick<Heartbeat, 'clockOffsetMs' | 'clockErrorMs' | 'clockRefusal'> {
    if (!this.#offset) return {};
    const { refusal } = this;
    return {
      clockOffsetMs: Math.round(this.#offset.offsetMs),
      clockErrorMs: Math.ceil(this.#offset.errorMs),
      ...(refusal !== undefined && { clockRefusal: refusal }),
    };
  }

  /** Resolves when the append in progress has succeeded or failed. */
  async stop(): Promise<void> {
    await this.#recording;
  }

  /** A wrong clock is recorded again once its offset has changed by half of the recorded one, and by more than the warning bound. */
  #isOnRecord({ offsetMs }: ClockOffset): boolean {
    const { status, offsetMs: recordedMs } = this.#recorded;
    if (this.#status !== status) return false;
    const changedMs = Math.abs(offsetMs - recordedMs);
    return status === 'correct' || changedMs <= Math.max(this.#deps.bounds.warnMs, Math.abs(recordedMs) / 2);
  }

  async #record(): Promise<void> {
    const { append, logger } = this.#deps;
    try {
      while (this.#offset && !this.#isOnRecord(this.#offset)) {
        const status = this.#status;
        const fact = this.#factOf(status, this.#offset);
        const { offsetMs, errorMs } = fact.data;
        if (fact.name === 'clock-corrected') logger.info({ offsetMs, errorMs }, "this host's clock is correct again");
        else {
          const { reason, actionRequired } = fact.data;
          logger[status === 'refused' ? 'error' : 'warn'](
            { offsetMs, errorMs, reason, actionRequired },
            "this host's clock is wrong",
          );
        }
        await append(fact);
        this.#recorded = { status, offsetMs };
      }
    } catch (err) {
      // The next measurement tries again.
      logger.warn({ err }, "the status of this host's clock could not be recorded");
    }
  }

  #factOf(status: ClockStatus, offset: ClockOffset): ClockFact {
    const { bounds, incarnation } = this.#deps;
    const measured = { incarnation, offsetMs: Math.round(offset.offsetMs), errorMs: Math.ceil(offset.errorMs) };
    if (status === 'correct') return { name: 'clock-corrected', data: measured };
    const refusesVms = status === 'refused';
    const consequence = refusesVms
      ? `beyond ${bounds.refuseMs / 1000} s it takes no new VM`
      : `beyond ${bounds.refuseMs / 1000} s it would take no new VM`;
    return {
      name: 'clock-wrong',
      data: {
        ...measured,
        refusesVms,
        reason: `the host's clock is ${inWords(offset)} nats-server's; ${consequence}`,
        actionRequired:
          "set the host's clock and repair its time synchronisation (NTP, chrony); the host recovers by itself " +
          "within seconds. If all hosts are listed, the clock of nats-server's machine is wrong",
      },
    };
  }
}

/** Beyond a bound only if the measurement's error cannot explain it; back only well within it. */
const statusOf = (
  { offsetMs, errorMs }: ClockOffset,
  before: ClockStatus,
  { warnMs, refuseMs }: ClockBounds,
): ClockStatus => {
  const atLeastMs = Math.abs(offsetMs) - errorMs;
  const isBeyond = (boundMs: number, wasBeyond: boolean): boolean =>
    atLeastMs > (wasBeyond ? boundMs * BACK_WITHIN : boundMs);
  if (isBeyond(refuseMs, before === 'refused')) return 'refused';
  return isBeyond(warnMs, before !== 'correct') ? 'warned' : 'correct';
};

const inWords = ({ offsetMs }: ClockOffset): string =>
  `${(Math.abs(offsetMs) / 1000).toFixed(1)} s ${offsetMs > 0 ? 'ahead of' : 'behind'}`;
