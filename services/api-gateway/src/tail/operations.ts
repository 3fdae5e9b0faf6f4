// Operations as the freshest source tells them: this gateway's memory, kept current by the tail, else the read model.
import { foldOperation, type OperationState, operationsOf } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import { type CommandId, isTenantEvent, type StoredEvent, type TenantId } from '@ironlog/schemas';
import type { Reads } from '../reads/port.ts';
import { isAuthorised } from './authorised-event.ts';
import { createBoundedMap } from './bounded-map.ts';
import type { VmLocations } from './vm-locations.ts';

export interface OperationIndex {
  /** Whichever of memory and read model has seen more of the log. */
  find(tenant: TenantId, id: CommandId): OperationState | undefined;
  /** From memory alone: for what looks at every event of the fleet. */
  remembered(tenant: TenantId, id: CommandId): OperationState | undefined;
  /** From now on the tail keeps it current. */
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
        // Only what somebody follows here is kept; all others are the read model's.
        if (!before || before.sequence >= entry.sequence) continue;
        const after = foldOperation(id, before, stored, entry.sequence);
        if (after && after !== before) known.set(key, after);
      }
    },
  };
};
