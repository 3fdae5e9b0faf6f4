// Judges this host's wall clock at each measurement: what it is off by is told with the heartbeats, and each change of the
// judgement is on record. Nothing here is decided by that clock; the host's guests take their time from it.
import type { Heartbeat, HostFact } from '@ironlog/schemas';
import type { ClockOffset, Logger } from '@ironlog/service-kit';

export interface ClockBounds {
  readonly warnMs: number;
  /** Beyond it the host takes no new VM. */
  readonly refuseMs: number;
}

type Judgement = 'right' | 'warned' | 'refused';
type ClockFact = Extract<HostFact, { name: 'clock-wrong' | 'clock-corrected' }>;

/** A clock that is off by about a bound must not cross it at each measurement. */
const BACK_WITHIN = 0.9;

export interface ClockWatchDeps {
  readonly bounds: ClockBounds;
  readonly incarnation: string;
  /** Puts it on record. */
  readonly append: (fact: ClockFact) => Promise<void>;
  readonly logger: Logger;
}

export class ClockWatch {
  readonly #deps: ClockWatchDeps;
  #offset: ClockOffset | undefined;
  #judgement: Judgement = 'right';
  #recorded: { readonly judgement: Judgement; readonly offsetMs: number } = { judgement: 'right', offsetMs: 0 };
  #recording: Promise<void> | undefined;

  constructor(deps: ClockWatchDeps) {
    this.#deps = deps;
  }

  /** Takes effect at once; that it changed is on record soon. */
  judge(offset: ClockOffset): void {
    this.#offset = offset;
    this.#judgement = judgementOf(offset, this.#judgement, this.#deps.bounds);
    if (this.#isOnRecord(offset)) return;
    this.#recording ??= this.#record().finally(() => {
      this.#recording = undefined;
    });
  }

  /** Why this host takes no new VM; `undefined`: it does, as far as its clock goes. */
  get refusal(): string | undefined {
    if (this.#judgement !== 'refused' || !this.#offset) return undefined;
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

  /** Resolves when what is being put on record is there, or has failed. */
  async stop(): Promise<void> {
    await this.#recording;
  }

  /** What is on record must not mislead: a clock that was set wrongly anew, or drifts on, is told of again, each time half as far on. */
  #isOnRecord({ offsetMs }: ClockOffset): boolean {
    const { judgement, offsetMs: recordedMs } = this.#recorded;
    if (this.#judgement !== judgement) return false;
    const changedMs = Math.abs(offsetMs - recordedMs);
    return judgement === 'right' || changedMs <= Math.max(this.#deps.bounds.warnMs, Math.abs(recordedMs) / 2);
  }

  async #record(): Promise<void> {
    const { append, logger } = this.#deps;
    try {
      while (this.#offset && !this.#isOnRecord(this.#offset)) {
        const judgement = this.#judgement;
        const fact = this.#factOf(judgement, this.#offset);
        const { offsetMs, errorMs } = fact.data;
        if (fact.name === 'clock-corrected') logger.info({ offsetMs, errorMs }, "this host's clock is right again");
        else {
          const { reason, actionRequired } = fact.data;
          logger[judgement === 'refused' ? 'error' : 'warn'](
            { offsetMs, errorMs, reason, actionRequired },
            "this host's clock is wrong",
          );
        }
        await append(fact);
        this.#recorded = { judgement, offsetMs };
      }
    } catch (err) {
      // The next measurement finds it unrecorded.
      logger.warn({ err }, "the judgement of this host's clock is not on record");
    }
  }

  #factOf(judgement: Judgement, offset: ClockOffset): ClockFact {
    const { bounds, incarnation } = this.#deps;
    const measured = { incarnation, offsetMs: Math.round(offset.offsetMs), errorMs: Math.ceil(offset.errorMs) };
    if (judgement === 'right') return { name: 'clock-corrected', data: measured };
    const refusesVms = judgement === 'refused';
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
          "set the host's clock and see why its time synchronisation (NTP, chrony) does not; the host is back by itself " +
          "within seconds. Where all hosts are named, it is nats-server's machine whose clock is wrong",
      },
    };
  }
}

/** Beyond a bound for sure, whatever the measurement's error; back only well within it. */
const judgementOf = (
  { offsetMs, errorMs }: ClockOffset,
  before: Judgement,
  { warnMs, refuseMs }: ClockBounds,
): Judgement => {
  const atLeastMs = Math.abs(offsetMs) - errorMs;
  const isBeyond = (boundMs: number, wasBeyond: boolean): boolean =>
    atLeastMs > (wasBeyond ? boundMs * BACK_WITHIN : boundMs);
  if (isBeyond(refuseMs, before === 'refused')) return 'refused';
  return isBeyond(warnMs, before !== 'right') ? 'warned' : 'right';
};

const inWords = ({ offsetMs }: ClockOffset): string =>
  `${(Math.abs(offsetMs) / 1000).toFixed(1)} s ${offsetMs > 0 ? 'ahead of' : 'behind'}`;
