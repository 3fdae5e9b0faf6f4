// This gateway's placements that are not in the host's heartbeat yet, so that capacity is not used twice: a heartbeat
// sent before the host took the create does not include it.
import type { Recorded } from '@ironlog/event-log';
import {
  type HostId,
  isTenantEvent,
  type Resources,
  type TenantId,
  type Timestamp,
  type VmId,
  type VmSpec,
} from '@ironlog/schemas';

/** A host that has not decided by then is slow or gone; its later heartbeats include what it has taken. */
const COUNTED_FOR_MS = 60_000;

export interface PlacedVm {
  readonly tenant: TenantId;
  readonly vmId: VmId;
}

interface Placement {
  readonly host: HostId;
  readonly need: Resources;
  readonly placedAtMs: number;
  /** Stream time of the host's decision; undefined: it has not decided. */
  decidedAt: Timestamp | undefined;
}

export interface PlacedLoad {
  place(host: HostId, vm: PlacedVm, placed: { readonly spec: VmSpec; readonly nowMs: number }): void;
  /**
   * A decided create counts until the host's next heartbeat. That includes a decline, or the next create would be placed there
   * at once.
   */
  fold(entry: Recorded): void;
  /** A heartbeat of stream time `at` includes the host's decisions up to then. */
  onHeartbeat(host: HostId, at: Timestamp, nowMs: number): void;
  of(host: HostId): Resources;
}

const NOTHING: Resources = { cpus: 0, memoryMiB: 0, processes: 0 };
const add = (a: Resources, b: Resources, sign: 1 | -1): Resources => ({
  cpus: a.cpus + sign * b.cpus,
  memoryMiB: a.memoryMiB + sign * b.memoryMiB,
  processes: a.processes + sign * b.processes,
});
const keyOf = ({ tenant, vmId }: PlacedVm): string => `${tenant}/${vmId}`;

export const createPlacedLoad = (): PlacedLoad => {
  const placements = new Map<string, Placement>();
  const byHost = new Map<HostId, Map<string, Placement>>();
  const sums = new Map<HostId, Resources>();
  const drop = (key: string, placement: Placement): void => {
    const { host, need } = placement;
    placements.delete(key);
    byHost.get(host)?.delete(key);
    sums.set(host, add(sums.get(host) ?? NOTHING, need, -1));
  };
  return {
    place: (host, vm, { spec, nowMs }) => {
      const key = keyOf(vm);
      const before = placements.get(key);
      if (before) drop(key, before);
      const need = { cpus: spec.cpus, memoryMiB: spec.memoryMiB, processes: 1 };
      const placement = { host, need, placedAtMs: nowMs, decidedAt: undefined };
      placements.set(key, placement);
      const onHost = byHost.get(host) ?? new Map<string, Placement>();
      byHost.set(host, onHost.set(key, placement));
      sums.set(host, add(sums.get(host) ?? NOTHING, need, 1));
    },
    fold: ({ read }) => {
      if (!read.ok) return;
      const decided = decidedBy(read.stored);
      const placement = decided && placements.get(keyOf(decided));
      if (placement && placement.host === decided.host) placement.decidedAt ??= decided.at;
    },
    onHeartbeat: (host, at, nowMs) => {
      for (const [key, placement] of byHost.get(host) ?? []) {
        const isCounted = placement.decidedAt !== undefined && placement.decidedAt <= at;
        if (isCounted || nowMs - placement.placedAtMs > COUNTED_FOR_MS) drop(key, placement);
      }
    },
    of: (host) => sums.get(host) ?? NOTHING,
  };
};

type Stored = Extract<Recorded['read'], { ok: true }>['stored'];

/** The VM whose create this event takes, declines or rejects, or makes unnecessary. */
const decidedBy = (stored: Stored): (PlacedVm & { readonly host: string; readonly at: Timestamp }) | undefined => {
  const { writer, event } = stored;
  const at = event.time;
  if (stored.kind === 'host')
    return stored.event.name === 'declined' ? { ...stored.event.data, host: writer, at } : undefined;
  if (!isTenantEvent(stored)) return undefined;
  const { tenant, subject } = stored.event;
  return subject && { tenant, vmId: subject, host: writer, at };
};
