// Commands that this host has rejected: a redelivered one is not decided a second time, and differently (P2).
import type { EventLog } from '@ironlog/event-log';
import { type CommandId, type HostId, SUBJECT_PREFIX, type TenantId } from '@ironlog/schemas';

/** Oldest forgotten first; far more than can be delivered and not acked at once. */
const REMEMBERED = 50_000;

/** A command may be delivered again, or sent again by its sender, for about this long after it was rejected. */
const REDELIVERED_WITHIN_MS = 60 * 60 * 1000;
/** Starts closer together than this share a mark: a host that restarts without end has a short list all the same. */
const MARK_EVERY_MS = 5 * 60 * 1000;

export interface StartMark {
  readonly at: string;
  /** The last of EVENTS then. */
  readonly sequence: number;
}

/** The sequence after which rejections are read at a start, and the marks that the next start needs. */
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
  // Without a mark this is the first start here: nothing of this host was rejected before it.
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
