// The live hosts, by their heartbeats in the bucket HOSTS; a silent host is dropped when its entry would expire.
import { type Placed, place } from '@ironlog/domain';
import {
  type Heartbeat,
  HOSTS_BUCKET,
  type HostId,
  heartbeatSchema,
  type ImageManifest,
  type Timestamp,
  type VmSpec,
} from '@ironlog/schemas';
import { type Clock, delay, type Logger } from '@ironlog/service-kit';
import { Kvm, type KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection, Status } from '@nats-io/transport-node';
import { createOffers } from './offers.ts';
import { createPlacedLoad, type PlacedLoad, type PlacedVm } from './placed-load.ts';

const RETRY_MS = 500;
/** Used when the bucket's entries do not expire. */
const FALLBACK_TTL_MS = 15_000;

interface Seen {
  readonly heartbeat: Heartbeat;
  readonly atMs: number;
}

export interface Hosts {
  /** Unexpired heartbeats, plus the placed VMs that they do not include yet. */
  live(): readonly Heartbeat[];
  /** Stream time of the last heartbeat received here, expired or not; `undefined`: none. */
  lastHeartbeatAt(host: HostId): Timestamp | undefined;
  /** Picks a host and counts the VM as its use until a heartbeat of that host includes it. */
  place(spec: VmSpec, vm: PlacedVm, image?: ImageManifest): Placed;
  /** Called for each heartbeat. */
  onChange(notify: () => void): void;
  /** Called when a waiting create may now fit this host: it is new, has more free capacity, or has changed. */
  onImproved(notify: (host: HostId) => void): void;
  /** Follows the placed creates to their outcomes. */
  fold: PlacedLoad['fold'];
}

export interface HostsDeps {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Starts the watch in the background; `watching` resolves on abort. */
export const watchHosts = (deps: HostsDeps): Hosts & { readonly watching: Promise<void> } => {
  const { clock } = deps;
  const seen = new Map<HostId, Seen>();
  const lastHeartbeats = new Map<HostId, Timestamp>();
  const listeners: (() => void)[] = [];
  const improvedListeners: ((host: HostId) => void)[] = [];
  const offers = createOffers();
  const load = createPlacedLoad();
  let ttlMs = FALLBACK_TTL_MS;

  const onEntry = (entry: KvWatchEntry): void => {
    const parsed = entry.operation === 'PUT' ? readHeartbeat(entry) : undefined;
    if (!parsed) {
      for (const [host] of seen) if (host === entry.key) forget(host);
      return;
    }
    const { host } = parsed;
    lastHeartbeats.set(host, parsed.at);
    // An entry read at the watch's start may be old already; both times are nats-server's.
    const age = Math.max(0, Math.min(ttlMs, clock.now().getTime() - entry.created.getTime()));
    const before = seen.get(host);
    if (before && !isLive(before)) forget(host);
    const now: Seen = { heartbeat: parsed, atMs: clock.monotonicMs() - age };
    load.onHeartbeat(host, parsed.at, clock.monotonicMs());
    seen.set(host, now);
    for (const notify of listeners) notify();
    if (isLive(now) && offers.improved(withPlaced(now))) for (const notify of improvedListeners) notify(host);
  };
  const forget = (host: HostId): void => {
    seen.delete(host);
    offers.lower(host, undefined);
  };
  const isLive = ({ atMs }: Seen): boolean => atMs > clock.monotonicMs() - ttlMs;
  const withPlaced = ({ heartbeat }: Seen): Heartbeat => {
    const { used } = heartbeat;
    const more = load.of(heartbeat.host);
    return {
      ...heartbeat,
      used: {
        cpus: used.cpus + more.cpus,
        memoryMiB: used.memoryMiB + more.memoryMiB,
        processes: used.processes + more.processes,
      },
    };
  };
  const live = (): readonly Heartbeat[] => [...seen.values()].filter(isLive).map(withPlaced);
  const watch = async (): Promise<void> => {
    const kv = await new Kvm(deps.connection).open(HOSTS_BUCKET, { bindOnly: true });
    ttlMs = (await kv.status()).ttl || FALLBACK_TTL_MS;
    const entries = await kv.watch();
    const stop = (): void => entries.stop();
    const statuses = deps.connection.status();
    void stopOnReconnect(statuses, stop);
    deps.signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const entry of entries) onEntry(entry);
    } finally {
      deps.signal.removeEventListener('abort', stop);
      if ('stop' in statuses && typeof statuses.stop === 'function') statuses.stop();
    }
  };
  return {
    live,
    lastHeartbeatAt: (host) => lastHeartbeats.get(host),
    place: (spec, vm, image) => {
      const placed = place(live(), spec, image);
      const host = placed.kind === 'placed' ? seen.get(placed.host) : undefined;
      if (host) {
        load.place(host.heartbeat.host, vm, { spec, nowMs: clock.monotonicMs() });
        offers.lower(host.heartbeat.host, withPlaced(host));
      }
      return placed;
    },
    onChange: (notify) => {
      listeners.push(notify);
    },
    onImproved: (notify) => {
      improvedListeners.push(notify);
    },
    fold: load.fold,
    watching: untilAborted(deps, watch),
  };
};

/**
 * The bucket is in the server's memory: after a restart its revisions begin at 1, and the client would wait for the next
 * revision of the old one. So a watch ends with its connection, and another is opened.
 */
const stopOnReconnect = async (statuses: AsyncIterable<Status>, stop: () => void): Promise<void> => {
  for await (const { type } of statuses) if (type === 'reconnect') stop();
};

const untilAborted = async ({ signal, logger }: HostsDeps, watch: () => Promise<void>): Promise<void> => {
  while (!signal.aborted) {
    try {
      await watch();
    } catch (err) {
      // The bucket may be missing, or the server unavailable: creates wait without heartbeats, so the watch is retried.
      if (!signal.aborted) logger.warn({ err, waitMs: RETRY_MS }, 'the hosts bucket cannot be watched; retrying');
    }
    if (!signal.aborted)
      await delay(RETRY_MS, signal).catch((reason: unknown) =>
        logger.debug({ err: reason }, 'the watch of hosts ends'),
      );
  }
};

/** `undefined`: not a heartbeat of the host in its key (P9: a host writes only as itself). */
const readHeartbeat = (entry: KvWatchEntry): Heartbeat | undefined => {
  try {
    const parsed = heartbeatSchema.safeParse(entry.json());
    return parsed.success && parsed.data.host === entry.key ? parsed.data : undefined;
  } catch {
    // Not JSON: it counts as no heartbeat, and the silent host is reported.
    return undefined;
  }
};
