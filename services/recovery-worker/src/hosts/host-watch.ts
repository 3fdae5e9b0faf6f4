// Watches the hosts: a silent one is recorded as `host-unreachable` once, and as `host-reachable` on its return. One that
// stopped in order is reported only while it has VMs, and only after the time that an upgrade takes.
import type { HostId } from '@ironlog/schemas';
import type { Heartbeat, Heartbeats } from './heartbeats.ts';
import type { HostLog, HostPresence } from './host-log.ts';
import type { KnownWriters } from './known-writers.ts';
import { type LostDeps, loseVms } from './lost-vms.ts';

export interface HostWatchDeps extends LostDeps {
  readonly knownWriters: KnownWriters;
  readonly heartbeats: Heartbeats;
  readonly hostLog: HostLog;
  readonly silentAfterMs: number;
  /** 0: never. */
  readonly lostAfterMs: number;
}

interface LastHeartbeat {
  readonly beat: Heartbeat | undefined;
  /** By this process's monotonic clock: when the heartbeat was first seen, or when the watch began. */
  readonly atMs: number;
}

interface VmCount {
  /** The host's last sequence at that time. */
  readonly sequence: number;
  readonly vms: number;
}

/** The log says which hosts should be present; the bucket which are. Silence counts only while heartbeats can be read. */
export class HostWatch {
  readonly #lastHeartbeats = new Map<HostId, LastHeartbeat>();
  readonly #vmCounts = new Map<HostId, VmCount>();

  /** Checks every host once. Rejects when heartbeats cannot be read, and restarts the count of silence. */
  async check(deps: HostWatchDeps): Promise<void> {
    for (const host of await deps.knownWriters.hosts()) {
      const silentMs = await this.#silentMs(deps, host);
      const beat = this.#lastHeartbeats.get(host)?.beat;
      await report(deps, { host, silentMs, beat, countVms: (sequence) => this.#countVms(deps, host, sequence) });
    }
  }

  /** The number of VMs of a stopped host. Only the host itself makes or deletes VMs, and its log would show it. */
  async #countVms(deps: HostWatchDeps, host: HostId, sequence: number): Promise<number> {
    const known = this.#vmCounts.get(host);
    if (known?.sequence === sequence) return known.vms;
    let vms = 0;
    for (const ref of await deps.knownWriters.vmsOf(host)) {
      const { owner, state } = await deps.vms.load(ref);
      if (owner === host && state !== 'deleted') vms += 1;
    }
    this.#vmCounts.set(host, { sequence, vms });
    return vms;
  }

  /** Milliseconds since the host's last sign of life. */
  async #silentMs({ heartbeats, clock }: HostWatchDeps, host: HostId): Promise<number> {
    try {
      const beat = await heartbeats.last(host);
      const nowMs = clock.monotonicMs();
      const before = this.#lastHeartbeats.get(host);
      if (before && (!beat || beat.revision === before.beat?.revision)) return nowMs - before.atMs;
      this.#lastHeartbeats.set(host, { beat, atMs: nowMs });
      return 0;
    } catch (error) {
      // While the bucket cannot be read, no host counts as silent.
      this.#lastHeartbeats.clear();
      throw error;
    }
  }
}

interface Silence {
  readonly host: HostId;
  readonly silentMs: number;
  readonly beat: Heartbeat | undefined;
  readonly countVms: (sequence: number) => Promise<number>;
}

/** Undefined: its silence is expected. */
const unreachableReason = async (
  { stopped, sequence }: HostPresence,
  { silentMs, countVms }: Silence,
): Promise<string | undefined> => {
  const silence = `no heartbeat for ${Math.floor(silentMs / 1000)} seconds`;
  if (!stopped) return silence;
  const vms = await countVms(sequence);
  return vms === 0
    ? undefined
    : `it stopped in order and has not been started again, ${silence}; it has ${vms} VM${vms === 1 ? '' : 's'} without an executor`;
};

const report = async (deps: HostWatchDeps, silence: Silence): Promise<void> => {
  const { host, silentMs, beat } = silence;
  const isSilent = silentMs >= deps.silentAfterMs;
  const seconds = Math.floor(silentMs / 1000);
  const appended = await deps.hostLog.append(host, async (presence) => {
    const { unreachable } = presence;
    if (isSilent && !unreachable) {
      const reason = await unreachableReason(presence, silence);
      const lastHeartbeatAt = beat === undefined ? {} : { lastHeartbeatAt: beat.at };
      return reason === undefined ? undefined : { name: 'host-unreachable', data: { ...lastHeartbeatAt, reason } };
    }
    // Only a heartbeat proves the return; a silence below the limit does not.
    return !isSilent && unreachable && beat ? { name: 'host-reachable', data: {} } : undefined;
  });
  if (appended?.name === 'host-unreachable')
    deps.logger.error({ hostId: host, reason: appended.data.reason }, 'host is silent');
  if (appended?.name === 'host-reachable') deps.logger.info({ hostId: host }, 'host is back');
  if (deps.lostAfterMs > 0 && silentMs >= deps.lostAfterMs) {
    await loseVms(deps, host, `host ${host} has been silent for ${seconds} seconds`);
  }
};
