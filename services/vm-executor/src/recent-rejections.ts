// Commands that this host has rejected: a redelivered one is not decided a second time, and differently (P2).
import type { EventLog } from '@ironlog/event-log';
import { type CommandId, type HostId, SUBJECT_PREFIX, type TenantId } from '@ironlog/schemas';

/** Oldest forgotten first; far more than can be delivered and not acked at once. */
const REMEMBERED = 50_000;

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
