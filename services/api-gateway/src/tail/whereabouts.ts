// Where each VM is: with its owner, asked for and not yet claimed, or cancelled before anyone claimed it.
import type { CommandId, HostId, TenantId, VmId } from '@ironlog/schemas';
import type { Recorded } from '@ironlog/event-log';
import type { Reads } from '../reads/port.ts';
import { createBoundedMap } from './bounded-map.ts';

export type Whereabouts =
  | { readonly kind: 'owned'; readonly host: HostId }
  /** `createId`: the command that a delete would cancel. `any`: it waits for a host. */
  | { readonly kind: 'pending'; readonly target: HostId | 'any'; readonly createId: CommandId }
  | { readonly kind: 'cancelled' };

export interface WhereaboutsIndex {
  /** From memory, else from the read model: create and boot in quick succession must not depend on its lag. */
  find(tenant: TenantId, vmId: VmId): Whereabouts | undefined;
  /** A create was stored, or routed on. What the log says of an owner stands above it. */
  pending(tenant: TenantId, vmId: VmId, pending: Extract<Whereabouts, { kind: 'pending' }>): void;
  fold(entry: Recorded): void;
}

const LIMIT = 100_000;
const keyOf = (tenant: TenantId, vmId: VmId): string => `${tenant}/${vmId}`;

export const createWhereabouts = (reads: Pick<Reads, 'whereabouts'>): WhereaboutsIndex => {
  const known = createBoundedMap<Whereabouts>(LIMIT);
  return {
    find: (tenant, vmId) => {
      const remembered = known.get(keyOf(tenant, vmId));
      // Another gateway may have routed it since: the read model's owner stands above our own guess.
      if (remembered && remembered.kind !== 'pending') return remembered;
      const read = reads.whereabouts(tenant, vmId);
      return read && read.kind !== 'pending' ? read : (remembered ?? read);
    },
    pending: (tenant, vmId, pending) => {
      const key = keyOf(tenant, vmId);
      const before = known.get(key);
      if (!before || before.kind === 'pending') known.set(key, pending);
    },
    fold: ({ read }) => {
      if (!read.ok || read.stored.kind !== 'vm') return;
      const { writer, event } = read.stored;
      const key = keyOf(event.tenant, event.subject);
      // P4: only the claiming host itself may say that it is the owner.
      if (event.name === 'claimed' && event.data.host === writer) known.set(key, { kind: 'owned', host: event.data.host });
      if (event.name === 'cancelled' && writer === 'gateway') known.set(key, { kind: 'cancelled' });
    },
  };
};
