// One executor per host: each start is a recorded incarnation, and a superseded one touches nothing (P4).
import { randomUUID } from 'node:crypto';
import { hostEvent } from '@ironlog/domain';
import type { EventLog, Recorded } from '@ironlog/event-log';
import { type HostFact, type HostId, hostEventSubject, hostFilter, newEventId } from '@ironlog/schemas';
import { delay } from '@ironlog/service-kit';

export interface IncarnationDeps {
  readonly log: EventLog;
  readonly host: HostId;
  /** Of its events. */
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** Another executor has started under this host's id. */
  readonly onSuperseded: (by: string) => void;
}

/** A stop must not wait for an unreachable log. */
const STOP_WITHIN_MS = 2000;

/** How long an answer of the log is valid, from its request on. A lease: the log is not read for every step. */
export const ANSWER_HOLDS_MS = 500;
/** How long a new executor touches no process. By then no answer of an executor before it is valid any more. */
export const TAKE_OVER_AFTER_MS = 1500;

export class Superseded extends Error {}

type Start = Extract<HostFact, { name: 'executor-started' }>;

export class Incarnation {
  readonly id = randomUUID();
  readonly #deps: IncarnationDeps;
  #sequence = 0;
  #started = false;
  #superseded: Superseded | undefined;
  /** Of all incarnations of this host. */
  readonly #stateDirectories = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  #answer: { readonly askedAt: number; readonly given: Promise<void> } | undefined;

  constructor(deps: IncarnationDeps) {
    this.#deps = deps;
  }

  /**
   * Records this start. Every earlier incarnation is superseded, and knows it when this resolves or checks first. An
   * earlier one with our state directory is dead, because we hold its lock. One with another directory may live on
   * another machine.
   */
  async start(fact: Start): Promise<void> {
    await this.append(fact);
    this.#started = true;
    this.#stateDirectories.delete(fact.data.stateDirectoryId);
    if (this.#stateDirectories.size > 0) await delay(TAKE_OVER_AFTER_MS, this.#deps.signal);
  }

  /** Records an orderly stop, so that the missing heartbeat is no alarm. No-op for one that never started or is superseded. */
  async stop(): Promise<void> {
    if (!this.#started || this.#superseded) return;
    const fact = { name: 'executor-stopped', data: { incarnation: this.id } } as const;
    this.#started = false;
    // The service's own signal is already aborted.
    await this.#append(fact, AbortSignal.timeout(STOP_WITHIN_MS));
  }

  /**
   * P4: called before a process is touched. Callers share an answer whose request is younger than ANSWER_HOLDS_MS;
   * requested with the intent's append, it is there when the effect begins. @throws Superseded
   */
  check(): Promise<void> {
    if (this.#superseded) return Promise.reject(this.#superseded);
    const now = performance.now();
    if (this.#answer && now - this.#answer.askedAt < ANSWER_HOLDS_MS) return this.#answer.given;
    const answer = { askedAt: now, given: this.#read() };
    this.#answer = answer;
    // A failed read is not an answer: the next check reads again.
    answer.given.catch(() => {
      if (this.#answer === answer) this.#answer = undefined;
    });
    return answer.given;
  }

  async #read(): Promise<void> {
    this.#fold(await this.#deps.log.readSince(hostFilter(this.#deps.host), this.#sequence));
  }

  /** Appends one of this host's events. @throws Superseded, or Error when the service stops before the result is known. */
  append(fact: HostFact): Promise<void> {
    const appended = this.#turn.then(() => this.#append(fact, this.#deps.signal));
    this.#turn = appended.catch(() => undefined);
    return appended;
  }

  async #append(fact: HostFact, signal: AbortSignal): Promise<void> {
    const { log, host, now } = this.#deps;
    const event = hostEvent(host, fact, { id: newEventId(), time: now().toISOString(), writer: host });
    if (this.#superseded) throw this.#superseded;
    for (;;) {
      const subject = hostEventSubject(host, host, fact.name);
      const result = await log.append({ subject, event, filter: hostFilter(host), expected: this.#sequence, signal });
      if (result.kind === 'unknown') throw new Error(`${fact.name} of ${host}: ${result.cause.message}`);
      if (result.kind === 'conflict') {
        this.#fold(result.entries);
        continue;
      }
      this.#sequence = result.sequence;
      return;
    }
  }

  /** Supersession is final: later calls are refused as well. @throws Superseded */
  #fold(entries: readonly Recorded[]): void {
    for (const entry of entries) {
      this.#sequence = Math.max(this.#sequence, entry.sequence);
      const start = startIn(entry.read);
      if (!start || start.incarnation === this.id) continue;
      if (!this.#started) this.#stateDirectories.add(start.stateDirectoryId);
      else if (!this.#superseded) this.#supersede(start.incarnation);
    }
    if (this.#superseded) throw this.#superseded;
  }

  #supersede(by: string): void {
    this.#superseded = new Superseded(`executor incarnation ${by} has taken over host ${this.#deps.host}`);
    this.#deps.onSuperseded(by);
  }
}

const startIn = (read: Recorded['read']): Start['data'] | undefined =>
  read.ok && read.stored.kind === 'host' && read.stored.event.name === 'executor-started'
    ? read.stored.event.data
    : undefined;
