// Each VM's location: its owner, a pending create, or cancelled before any claim.
import { evolve, initialVm, type Vm } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import type { VmLocation } from '@ironlog/read-model';
import { type CommandId, isTenantEvent, type StoredEvent, type TenantId, type VmId } from '@ironlog/schemas';
import type { Reads } from '../reads/port.ts';
import { isAuthorised } from './authorised-event.ts';
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';

export interface VmLocations {
  /** From memory, else from the read model: create and boot in quick succession must not depend on its lag. */
  find(tenant: TenantId, vmId: VmId): VmLocation | undefined;
  /** From memory only, because it is called for every event of the fleet. */
  remembered(tenant: TenantId, vmId: VmId): VmLocation | undefined;
  /** A create was stored, or routed again. An owner from the log overrides it. */
  pending(tenant: TenantId, vmId: VmId, pending: Extract<VmLocation, { kind: 'pending' }>): void;
  fold(entry: Recorded): void;
}

type StoredVmEvent = Extract<StoredEvent, { kind: 'vm' }>;

const LIMIT = 100_000;
const keyOf = (tenant: TenantId, vmId: VmId): string => `${tenant}/${vmId}`;

export const createVmLocations = (reads: Pick<Reads, 'vmLocation' | 'aggregate'>): VmLocations => {
  const known = createBoundedMap<VmLocation>(LIMIT);
  /** P4: a claim or a cancellation counts if the VM's fold accepts it, on top of the VM in the read model. */
  const update = (key: string, { sequence, hash }: Recorded, { writer, event }: StoredVmEvent): void => {
    const before = known.get(key);
    // In v1 a VM never changes its host, and deleted is absorbing.
    if (before && before.kind !== 'pending') return;
    const vm = asRead(reads, event.tenant, event.subject);
    if (!vm) return;
    const location = placeOf(vm.sequence >= sequence ? vm : evolve(vm, { sequence, hash, writer, event }).vm);
    if (location) known.set(key, location);
  };
  return {
    find: (tenant, vmId) => {
      const remembered = known.get(keyOf(tenant, vmId));
      // Another gateway may have routed it since: the read model's owner overrides our memory.
      if (remembered && remembered.kind !== 'pending') return remembered;
      const read = reads.vmLocation(tenant, vmId);
      if (!read || read.kind === 'pending') return remembered ?? read;
      // In v1 a VM never changes its host, and deleted is absorbing: a value read once stays valid.
      known.set(keyOf(tenant, vmId), read);
      return read;
    },
    remembered: (tenant, vmId) => known.get(keyOf(tenant, vmId)),
    pending: (tenant, vmId, pending) => {
      const key = keyOf(tenant, vmId);
      const before = known.get(key);
      if (!before || before.kind === 'pending') known.set(key, pending);
    },
    fold: (entry) => {
      const { read } = entry;
      if (!read.ok || !isTenantEvent(read.stored)) return;
      const { tenant, subject, causationid } = read.stored.event;
      if (subject === undefined) return;
      const key = keyOf(tenant, subject);
      if (read.stored.kind === 'rejection') return forgetCreate(known, key, causationid);
      const { writer, event } = read.stored;
      if (event.name === 'claimed' || event.name === 'cancelled') update(key, entry, read.stored);
      if (event.name === 'command-expired' && isAuthorised(known.get(key), writer, event))
        forgetCreate(known, key, causationid);
    },
  };
};

/** The VM in the read model, the base of later folds; `undefined`: it cannot be read, so nothing is certain. */
const asRead = (reads: Pick<Reads, 'aggregate'>, tenant: TenantId, vmId: VmId): Vm | undefined => {
  try {
    return reads.aggregate(tenant, vmId) ?? initialVm(tenant, vmId);
  } catch {
    // Missing, or damaged, which the projector reports: the tail continues, and the next call reads again.
    return undefined;
  }
};

const placeOf = ({ owner, state }: Vm): VmLocation | undefined => {
  if (owner) return { kind: 'owned', host: owner };
  return state === 'deleted' ? { kind: 'cancelled' } : undefined;
};

/** A failed create frees the id: another create of it must be placed anew. */
const forgetCreate = (known: BoundedMap<VmLocation>, key: string, commandId: CommandId | undefined): void => {
  const where = known.get(key);
  if (where?.kind === 'pending' && where.createId === commandId) known.delete(key);
};
