// Operations from the most recent source: this gateway's memory, updated by the tail, or the read model.
import { foldOperation, type OperationState, operationsOf } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import { type CommandId, isTenantEvent, type StoredEvent, type TenantId } from '@ironlog/schemas';
import type { Reads } from '../reads/port.ts';
import { isAuthorised } from './authorised-event.ts';
import { createBoundedMap } from './bounded-map.ts';
import type { VmLocations } from './vm-locations.ts';

export interface OperationIndex {
  /** From memory or the read model, whichever is at a later sequence. */
  find(tenant: TenantId, id: CommandId): OperationState | undefined;
  /** From memory only, because it is called for every event of the fleet. */
  remembered(tenant: TenantId, id: CommandId): OperationState | undefined;
  /** From now on the tail updates it. */
  follow(operation: OperationState): void;
  fold(entry: Recorded): void;
}

const LIMIT = 20_000;
const keyOf = (tenant: string, id: CommandId): string => `${tenant}/${id}`;

export interface OperationIndexDeps {
  readonly reads: Pick<Reads, 'operation'>;
  readonly vmLocation: Pick<VmLocations, 'remembered'>;
}

export const createOperationIndex = ({ reads, vmLocation }: OperationIndexDeps): OperationIndex => {
  const known = createBoundedMap<OperationState>(LIMIT);
  const counts = (stored: StoredEvent): boolean => {
    if (stored.kind !== 'vm') return stored.kind === 'rejection';
    const { writer, event } = stored;
    return isAuthorised(vmLocation.remembered(event.tenant, event.subject), writer, event);
  };
  return {
    find: (tenant, id) => {
      const remembered = known.get(keyOf(tenant, id));
      if (remembered?.finishedAt) return remembered;
      const read = reads.operation(tenant, id);
      if (!remembered || !read) return remembered ?? read;
      return read.sequence > remembered.sequence ? read : remembered;
    },
    remembered: (tenant, id) => known.get(keyOf(tenant, id)),
    follow: (operation) => {
      const key = keyOf(operation.tenant, operation.id);
      const before = known.get(key);
      if (!before || before.sequence < operation.sequence) known.set(key, operation);
    },
    fold: (entry) => {
      if (!entry.read.ok || !isTenantEvent(entry.read.stored) || !counts(entry.read.stored)) return;
      const { stored } = entry.read;
      for (const id of operationsOf(stored)) {
        const key = keyOf(stored.event.tenant, id);
        const before = known.get(key);
        // Only followed operations are kept; the read model has all others.
        if (!before || before.sequence >= entry.sequence) continue;
        const after = foldOperation(id, before, stored, entry.sequence);
        if (after && after !== before) known.set(key, after);
      }
    },
  };
};
