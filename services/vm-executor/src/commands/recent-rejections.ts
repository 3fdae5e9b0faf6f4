// Commands that this host rejected: a redelivered one must not be decided again with another outcome (P2).
import type { EventLog } from '@ironlog/event-log';
import { type CommandId, type HostId, SUBJECT_PREFIX, type TenantId } from '@ironlog/schemas';

/** The oldest is dropped first. Far more than the deliveries that can be unacknowledged at once. */
const REMEMBERED = 50_000;

/** The time after a rejection within which a command may be redelivered or sent again. */
const REDELIVERED_WITHIN_MS = 60 * 60 * 1000;
/** Starts closer together than this share a mark: a host in a restart loop keeps few marks. */
const MARK_EVERY_MS = 5 * 60 * 1000;

export interface StartMark {
  readonly at: string;
  /** The last sequence of EVENTS at that time. */
  readonly sequence: number;
}

/** The sequence after which a start reads rejections, and the marks to keep for the next start. */
export const rejectionsSince = (
  starts: readonly StartMark[],
  now: StartMark,
): { after: number; starts: StartMark[] } => {
  const ageMs = ({ at }: StartMark): number => Date.parse(now.at) - Date.parse(at);
  const oldest = Math.max(
    0,
    starts.findLastIndex((mark) => ageMs(mark) >= REDELIVERED_WITHIN_MS),
  );
  const kept = starts.slice(oldest);
  const last = kept.at(-1);
  // Without a mark this is the first start: this host has rejected nothing yet.
  if (last && Math.abs(ageMs(last)) < MARK_EVERY_MS) return { after: kept[0]?.sequence ?? 0, starts: kept };
  return { after: kept[0]?.sequence ?? 0, starts: [...kept, now] };
};

export class RecentRejections {
  readonly #ids = new Set<string>();

  /** Reads this host's own rejections after `sequence` of EVENTS. */
  async load(log: EventLog, host: HostId, sequence: number): Promise<void> {
    for (const { read } of await log.readSince(`${SUBJECT_PREFIX}.evt.cmd.*.${host}.rejected`, sequence)) {
      if (read.ok && read.stored.kind === 'rejection')
        this.add(read.stored.event.tenant, read.stored.event.causationid);
    }
  }

  has(tenant: TenantId, id: CommandId): boolean {
    return this.#ids.has(`${tenant}/${id}`);
  }

  add(tenant: TenantId, id: CommandId): void {
    this.#ids.add(`${tenant}/${id}`);
    if (this.#ids.size <= REMEMBERED) return;
    const [oldest] = this.#ids;
    if (oldest !== undefined) this.#ids.delete(oldest);
  }
}
