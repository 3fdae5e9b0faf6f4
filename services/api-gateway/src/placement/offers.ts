// Detects hosts that offer more than when the waiting creates were last tried on them.
import type { Heartbeat, HostId } from '@ironlog/schemas';

/** A host's offer for placement. `undefined`: the host accepts none. */
interface Offer {
  /** Everything but the capacity, as text. */
  readonly kind: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly processes: number;
}

export interface Offers {
  /** Returns whether a create that did not fit this host before may fit now. */
  improved(host: Heartbeat): boolean;
  /** After a placement on the host, or when it is silent: a later release of capacity counts as more. */
  lower(host: HostId, offer: Heartbeat | undefined): void;
}

export const createOffers = (): Offers => {
  const known = new Map<HostId, Offer>();
  return {
    improved: (host) => {
      const before = known.get(host.host);
      const now = offerOf(host);
      if (!now) {
        known.delete(host.host);
        return false;
      }
      known.set(host.host, now);
      return !before || before.kind !== now.kind || hasMore(now, before);
    },
    lower: (host, offer) => {
      const now = offer && offerOf(offer);
      if (now) known.set(host, now);
      else known.delete(host);
    },
  };
};

const hasMore = (now: Offer, before: Offer): boolean =>
  now.cpus > before.cpus || now.memoryMiB > before.memoryMiB || now.processes > before.processes;

const offerOf = ({
  status,
  clockRefusal,
  hypervisors,
  images,
  labels,
  capacity,
  used,
}: Heartbeat): Offer | undefined =>
  status === 'ready' && clockRefusal === undefined
    ? {
        kind: JSON.stringify([hypervisors, images.map(({ id }) => id), labels]),
        cpus: capacity.cpus - used.cpus,
        memoryMiB: capacity.memoryMiB - used.memoryMiB,
        processes: capacity.processes - used.processes,
      }
    : undefined;
