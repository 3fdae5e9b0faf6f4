// Where each VM is: with its owner, asked for and not yet claimed, or cancelled before anyone claimed it.
import type { Recorded } from '@ironlog/event-log';
import type { Whereabouts } from '@ironlog/read-model';
import type { CommandId, TenantId, VmId } from '@ironlog/schemas';
import type { Reads } from '../reads/port.ts';
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';

export interface WhereaboutsIndex {
  /** From memory, else from the read model: create and boot in quick succession must not depend on its lag. */
  find(tenant: TenantId, vmId: VmId): Whereabouts | undefined;
  /** From memory alone: for what looks at every event of the fleet. */
  remembered(tenant: TenantId, vmId: VmId): Whereabouts | undefined;
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
      if (!read || read.kind === 'pending') return remembered ?? read;
      // In v1 a VM never changes its host, and deleted is absorbing: what is read once holds.
      known.set(keyOf(tenant, vmId), read);
      return read;
    },
    remembered: (tenant, vmId) => known.get(keyOf(tenant, vmId)),
    pending: (tenant, vmId, pending) => {
      const key = keyOf(tenant, vmId);
      const before = known.get(key);
      if (!before || before.kind === 'pending') known.set(key, pending);
    },
    fold: ({ read }) => {
      if (!read.ok || read.stored.kind === 'host') return;
      const { event } = read.stored;
      const key = keyOf(event.tenant, event.subject);
      if (read.stored.kind === 'rejection') return forgetCreate(known, key, read.stored.event.causationid);
      const { writer, event: said } = read.stored;
      // P4: only the claiming host itself may say that it is the owner.
      if (said.name === 'claimed' && said.data.host === writer) known.set(key, { kind: 'owned', host: said.data.host });
      if (said.name === 'cancelled' && writer === 'gateway') known.set(key, { kind: 'cancelled' });
      if (said.name === 'command-expired') forgetCreate(known, key, said.causationid);
    },
  };
};

/** A create that came to nothing leaves the id free: another create of it is to be placed anew. */
const forgetCreate = (known: BoundedMap<Whereabouts>, key: string, commandId: CommandId | undefined): void => {
  const where = known.get(key);
  if (where?.kind === 'pending' && where.createId === commandId) known.delete(key);
};
