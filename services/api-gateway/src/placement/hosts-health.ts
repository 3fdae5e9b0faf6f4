// Whether heartbeats reach this gateway: what operators are told when it hears none, and whose fault that is.
import { HOSTS_BUCKET } from '@ironlog/schemas';
import { delay, type Runtime } from '@ironlog/service-kit';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Hosts } from './hosts.ts';

/** Longer than the time between two beats of a host. */
const EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 2_000;

export interface HostsHealthDeps extends Pick<Runtime, 'health' | 'logger' | 'metrics'> {
  readonly hosts: Pick<Hosts, 'live' | 'onChange'>;
  /** Another number with each heartbeat that any host sends. Rejects while NATS does not answer. */
  readonly lastSent: () => Promise<number>;
}

/**
 * One look. Without a live host the gateway stays ready: it serves reads and stores commands as before, no other gateway
 * could do more, and recovery puts each silent host on record; so that is a gauge and a warning. It is not ready when
 * heartbeats are sent and do not reach it: then it alone is deaf, and places nothing where another gateway would.
 */
export const createHostsHealth = ({
  hosts,
  lastSent,
  health,
  logger,
  metrics,
}: HostsHealthDeps): (() => Promise<void>) => {
  const gauge = metrics.gauge('ironlog_hosts_live');
  let heard = 0;
  hosts.onChange(() => {
    heard += 1;
  });
  let before: { readonly sent: number; readonly heard: number } | undefined;
  let wasAlive = true;
  let missedChecks = 0;
  return async () => {
    const alive = hosts.live().length;
    gauge.set(alive);
    if (alive === 0 && wasAlive) logger.warn('no host is alive: creates wait for one');
    if (alive > 0 && !wasAlive) logger.info({ hosts: alive }, 'hosts are alive again');
    wasAlive = alive > 0;
    const now = { sent: await lastSent().catch(() => undefined), heard };
    // The connection's own check tells of a NATS that does not answer.
    if (now.sent === undefined) return;
    const hearsNoHost = before !== undefined && now.sent !== before.sent && now.heard === before.heard;
    before = { sent: now.sent, heard: now.heard };
    // One may be on its way at the moment of the look, and is heard by the next.
    missedChecks = hearsNoHost ? missedChecks + 1 : 0;
    health.set('heartbeats', missedChecks < 2 ? { ok: true } : { ok: false, reason: DEAF });
  };
};

const DEAF = 'hosts send heartbeats, and none that can be read reaches this gateway: start it again';

/** Looks until aborted. */
export const watchHostsHealth = async (check: () => Promise<void>, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await check();
    await delay(EVERY_MS, signal).catch((reason: unknown) => {
      if (!signal.aborted) throw reason;
    });
  }
};

/** The bucket's last sequence: it counts the beats of all hosts, from 1 again when nats-server has begun anew. */
export const lastHeartbeatSent = async (connection: NatsConnection): Promise<() => Promise<number>> => {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: ANSWER_WITHIN_MS });
  return async () => (await manager.streams.info(`KV_${HOSTS_BUCKET}`)).state.last_seq;
};
