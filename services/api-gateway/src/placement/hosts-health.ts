// Checks whether this gateway receives heartbeats, and whether a failure is its own.
import { HOSTS_BUCKET } from '@ironlog/schemas';
import { delay, type Runtime } from '@ironlog/service-kit';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Hosts } from './hosts.ts';

/** Longer than a host's heartbeat interval. */
const EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 2_000;

export interface HostsHealthDeps extends Pick<Runtime, 'health' | 'logger' | 'metrics'> {
  readonly hosts: Pick<Hosts, 'live' | 'onChange'>;
  /** Changes with each heartbeat of any host. Rejects while NATS does not answer. */
  readonly lastSent: () => Promise<number>;
}

/**
 * One check. Without a live host the gateway stays ready: it still serves reads and stores commands, another gateway
 * could do no more, and recovery records each silent host; there is a gauge and a warning. It is not ready when
 * heartbeats are sent and not received: another gateway could then place creates.
 */
export const createHostsHealth = ({
  hosts,
  lastSent,
  health,
  logger,
  metrics,
}: HostsHealthDeps): (() => Promise<void>) => {
  const gauge = metrics.gauge('ironlog_hosts_live');
  let received = 0;
  hosts.onChange(() => {
    received += 1;
  });
  let before: { readonly sent: number; readonly received: number } | undefined;
  let wasAlive = true;
  let missedChecks = 0;
  return async () => {
    const alive = hosts.live().length;
    gauge.set(alive);
    if (alive === 0 && wasAlive) logger.warn('no host is alive: creates wait for one');
    if (alive > 0 && !wasAlive) logger.info({ hosts: alive }, 'hosts are alive again');
    wasAlive = alive > 0;
    const now = { sent: await lastSent().catch(() => undefined), received };
    // The connection's own check reports that NATS does not answer.
    if (now.sent === undefined) return;
    const missesHeartbeats = before !== undefined && now.sent !== before.sent && now.received === before.received;
    before = { sent: now.sent, received: now.received };
    // One may be in transit during the check; the next one will see it.
    missedChecks = missesHeartbeats ? missedChecks + 1 : 0;
    health.set('heartbeats', missedChecks < 2 ? { ok: true } : { ok: false, reason: NOTHING_RECEIVED });
  };
};

const NOTHING_RECEIVED = 'hosts send heartbeats, and this gateway receives none that is valid: restart it';

/** Checks until aborted. */
export const watchHostsHealth = async (check: () => Promise<void>, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await check();
    await delay(EVERY_MS, signal).catch((reason: unknown) => {
      if (!signal.aborted) throw reason;
    });
  }
};

/** The bucket's last sequence: it counts all hosts' heartbeats, from 1 again after a restart of nats-server. */
export const lastHeartbeatSent = async (connection: NatsConnection): Promise<() => Promise<number>> => {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: ANSWER_WITHIN_MS });
  return async () => (await manager.streams.info(`KV_${HOSTS_BUCKET}`)).state.last_seq;
};
