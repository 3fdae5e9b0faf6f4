// One executor per host: each start is an incarnation on record, and a superseded one touches nothing any more (P4).
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

/** A stop must not wait for a log that cannot be reached. */
const STOP_WITHIN_MS = 2000;

/** What the log answered holds for so long from its question on: a lease, for a host at work is not asked for at each step. */
export const ANSWER_HOLDS_MS = 500;
/** So long a new executor touches no process: by then one before it that may still live has no answer left that holds. */
export const TAKE_OVER_AFTER_MS = 1500;

export class Superseded extends Error {}

type Start = Extract<HostFact, { name: 'executor-started' }>;

export class Incarnation {
  readonly id = randomUUID();
  readonly #deps: IncarnationDeps;
  #sequence = 0;
  #started = false;
  #superseded: Superseded | undefined;
  /** Of all who have been this host. */
  readonly #stateDirectories = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  #answer: { readonly askedAt: number; readonly given: Promise<void> } | undefined;

  constructor(deps: IncarnationDeps) {
    this.#deps = deps;
  }

  /**
   * Puts this start on record: every earlier incarnation is superseded, and knows it when this resolves, or asks first.
   * Whoever had our state directory is dead, for we hold its lock; one with another may live on another machine.
   */
  async start(fact: Start): Promise<void> {
    await this.append(fact);
    this.#started = true;
    this.#stateDirectories.delete(fact.data.stateDirectoryId);
    if (this.#stateDirectories.size > 0) await delay(TAKE_OVER_AFTER_MS, this.#deps.signal);
  }

  /** Puts an orderly stop on record: the silence that follows is no news. Nothing for one that never started or is superseded. */
  async stop(): Promise<void> {
    if (!this.#started || this.#superseded) return;
    const fact = { name: 'executor-stopped', data: { incarnation: this.id } } as const;
    this.#started = false;
    // The service's own signal has ended by now.
    await this.#append(fact, AbortSignal.timeout(STOP_WITHIN_MS));
  }

  /**
   * P4: asked before a process is touched. Whoever asks shares an answer to a question that is younger than
   * ANSWER_HOLDS_MS; asked as an intent is stored, it is there when the effect begins. @throws Superseded
   */
  check(): Promise<void> {
    if (this.#superseded) return Promise.reject(this.#superseded);
    const now = performance.now();
    if (this.#answer && now - this.#answer.askedAt < ANSWER_HOLDS_MS) return this.#answer.given;
    const answer = { askedAt: now, given: this.#read() };
    this.#answer = answer;
    // No answer is none: who asks next asks the log.
    answer.given.catch(() => {
      if (this.#answer === answer) this.#answer = undefined;
    });
    return answer.given;
  }

  async #read(): Promise<void> {
    this.#fold(await this.#deps.log.readSince(hostFilter(this.#deps.host), this.#sequence));
  }

  /** Appends one of this host's events. @throws Superseded, or Error when the service stops before its fate is known. */
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

  /** Once superseded, for ever: what is asked afterwards is refused as well. @throws Superseded */
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
