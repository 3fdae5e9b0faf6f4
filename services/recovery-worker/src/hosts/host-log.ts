// A host's presence folded from its log, and recovery's two events about it, under the host's expectation (P4).
import { hostEvent } from '@ironlog/domain';
import type { EventLog, Recorded } from '@ironlog/event-log';
import { type HostFact, type HostId, hostEventSubject, hostFilter, newEventId } from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';
import type { Fail } from '../failpoints.ts';
import { RECOVERY } from '../vms/append-as-recovery.ts';

export interface HostPresence {
  readonly sequence: number;
  /** Its executor recorded an orderly stop: a missing heartbeat alone is then expected. */
  readonly stopped: boolean;
  /** The last presence event is `host-unreachable`. */
  readonly unreachable: boolean;
}

type Presence = Extract<HostFact, { name: 'host-unreachable' | 'host-reachable' }>;

export interface HostLogDeps {
  readonly log: Pick<EventLog, 'append' | 'readSince'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly fail: Fail;
}

const UNKNOWN: HostPresence = { sequence: 0, stopped: false, unreachable: false };

export class HostLog {
  readonly #deps: HostLogDeps;
  readonly #known = new Map<HostId, HostPresence>();

  constructor(deps: HostLogDeps) {
    this.#deps = deps;
  }

  async load(host: HostId): Promise<HostPresence> {
    const known = this.#known.get(host) ?? UNKNOWN;
    return this.#fold(host, known, await this.#deps.log.readSince(hostFilter(host), known.sequence));
  }

  /** Appends what `decide` returns for the host's latest presence; `undefined`: nothing to append. */
  async append(
    host: HostId,
    decide: (presence: HostPresence) => Promise<Presence | undefined>,
  ): Promise<Presence | undefined> {
    const { log, clock, signal, fail } = this.#deps;
    for (let presence = await this.load(host); ; ) {
      const fact = await decide(presence);
      if (!fact) return undefined;
      const event = hostEvent(host, fact, { id: newEventId(), time: clock.now().toISOString(), writer: RECOVERY });
      const subject = hostEventSubject(host, RECOVERY, fact.name);
      const expected = presence.sequence;
      fail('before-append');
      const result = await log.append({ subject, event, filter: hostFilter(host), expected, signal });
      // The service stops: the next start reads the log.
      if (result.kind === 'unknown') return undefined;
      if (result.kind === 'committed') {
        fail('after-append');
        const unreachable = fact.name === 'host-unreachable';
        this.#known.set(host, { ...presence, sequence: result.sequence, unreachable });
        return fact;
      }
      presence = this.#fold(host, presence, result.entries);
    }
  }

  #fold(host: HostId, before: HostPresence, entries: readonly Recorded[]): HostPresence {
    const presence = entries.reduce(foldEntry, before);
    this.#known.set(host, presence);
    return presence;
  }
}

const foldEntry = (before: HostPresence, { read, sequence }: Recorded): HostPresence => {
  const presence = { ...before, sequence: Math.max(before.sequence, sequence) };
  if (!read.ok || read.stored.kind !== 'host') return presence;
  switch (read.stored.event.name) {
    case 'executor-started':
      return { ...presence, stopped: false };
    case 'executor-stopped':
      return { ...presence, stopped: true };
    case 'host-unreachable':
      return { ...presence, unreachable: read.stored.writer === RECOVERY };
    case 'host-reachable':
      return { ...presence, unreachable: before.unreachable && read.stored.writer !== RECOVERY };
    case 'declined':
    case 'reaped':
    case 'executor-halted':
    case 'clock-wrong':
    case 'clock-corrected':
      return presence;
    default:
      return read.stored.event satisfies never;
  }
};
