// Watches over the hosts: one that falls silent is reported `host-unreachable`, once, and `host-reachable` when it is back.
import type { HostId } from '@ironlog/schemas';
import type { Census } from './census.ts';
import type { Heartbeat, Heartbeats } from './heartbeats.ts';
import type { HostLog } from './host-log.ts';
import { type LostDeps, loseVms } from './lost-vms.ts';

export interface HostWatchDeps extends LostDeps {
  readonly census: Census;
  readonly heartbeats: Heartbeats;
  readonly hostLog: HostLog;
  readonly silentAfterMs: number;
  /** 0: never. */
  readonly lostAfterMs: number;
}

interface Heard {
  readonly beat: Heartbeat | undefined;
  /** By this process's monotonic clock: when the beat was first seen, or when listening began. */
  readonly atMs: number;
}

/** Who should be there is what the log says; who is there, the bucket. Silence counts only while we could have heard. */
export class HostWatch {
  readonly #heard = new Map<HostId, Heard>();

  /** One look at every host. Rejects when heartbeats cannot be read, and starts all over with counting. */
  async look(deps: HostWatchDeps): Promise<void> {
    for (const host of await deps.census.hosts()) {
      const silentMs = await this.#listen(deps, host);
      await report(deps, { host, silentMs, beat: this.#heard.get(host)?.beat });
    }
  }

  /** Milliseconds since the host's last sign of life. */
  async #listen({ heartbeats, clock }: HostWatchDeps, host: HostId): Promise<number> {
    try {
      const beat = await heartbeats.last(host);
      const nowMs = clock.monotonicMs();
      const before = this.#heard.get(host);
      if (before && (!beat || beat.revision === before.beat?.revision)) return nowMs - before.atMs;
      this.#heard.set(host, { beat, atMs: nowMs });
      return 0;
    } catch (error) {
      // While the bucket cannot be read no host is silent: we are deaf.
      this.#heard.clear();
      throw error;
    }
  }
}

interface Silence {
  readonly host: HostId;
  readonly silentMs: number;
  readonly beat: Heartbeat | undefined;
}

const report = async (deps: HostWatchDeps, { host, silentMs, beat }: Silence): Promise<void> => {
  const isSilent = silentMs >= deps.silentAfterMs;
  const seconds = Math.floor(silentMs / 1000);
  const said = await deps.hostLog.say(host, ({ stopped, unreachable }) => {
    if (isSilent && !unreachable && !stopped) {
      const lastHeartbeatAt = beat === undefined ? {} : { lastHeartbeatAt: beat.at };
      return { name: 'host-unreachable', data: { ...lastHeartbeatAt, reason: `no heartbeat for ${seconds} seconds` } };
    }
    // Only a beat that was heard says that it is back, not a wait that has not lasted long enough yet.
    return !isSilent && unreachable && beat ? { name: 'host-reachable', data: {} } : undefined;
  });
  if (said?.name === 'host-unreachable')
    deps.logger.error({ hostId: host, reason: said.data.reason }, 'host is silent');
  if (said?.name === 'host-reachable') deps.logger.info({ hostId: host }, 'host is back');
  if (deps.lostAfterMs > 0 && silentMs >= deps.lostAfterMs) {
    await loseVms(deps, host, `host ${host} has been silent for ${seconds} seconds`);
  }
};
