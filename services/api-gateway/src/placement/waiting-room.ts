// The creates that wait for a host: counted per tenant, so that one tenant cannot fill the queue for all.
import type { Recorded } from '@ironlog/event-log';
import {
  type CommandId,
  isTenantEvent,
  type TenantEvent,
  type TenantId,
  type Verb,
  type VmSpec,
} from '@ironlog/schemas';
import { createBoundedMap } from '../tail/bounded-map.ts';

export interface WaitingRoom {
  /** `undefined`: it may. Otherwise the reason. */
  mayEnter(tenant: TenantId): string | undefined;
  enter(tenant: TenantId, id: CommandId, spec: VmSpec): void;
  /** It is placed. A decline by its host brings it back. */
  leave(tenant: TenantId, id: CommandId): void;
  /** The spec of a waiting create. */
  find(tenant: TenantId, id: CommandId): VmSpec | undefined;
  /** An event of the log ends a create's waiting in every gateway, not only in the one that placed it. */
  fold(entry: Recorded): void;
  /** Its waiting has ended for good. */
  isOver(tenant: TenantId, id: CommandId): boolean;
}

/** As many as the tail reads at its start: a delivery after the create's outcome must not add it again. */
const REMEMBERED = 20_000;

export const createWaitingRoom = (limitPerTenant: number): WaitingRoom => {
  const tenants = new Map<TenantId, Map<CommandId, VmSpec>>();
  const over = createBoundedMap<true>(REMEMBERED);
  const isOver = (tenant: TenantId, id: CommandId): boolean => over.get(`${tenant}/${id}`) === true;
  const leave = (tenant: TenantId, id: CommandId): void => {
    const waiting = tenants.get(tenant);
    waiting?.delete(id);
    if (waiting?.size === 0) tenants.delete(tenant);
  };
  return {
    mayEnter: (tenant) =>
      (tenants.get(tenant)?.size ?? 0) < limitPerTenant
        ? undefined
        : `${limitPerTenant} creates of ${tenant} wait for a host already; delete some, or wait until they are placed`,
    enter: (tenant, id, spec) => {
      if (isOver(tenant, id)) return;
      const waiting = tenants.get(tenant) ?? new Map<CommandId, VmSpec>();
      waiting.set(id, spec);
      tenants.set(tenant, waiting);
    },
    leave,
    find: (tenant, id) => tenants.get(tenant)?.get(id),
    fold: ({ read }) => {
      if (!read.ok || !isTenantEvent(read.stored)) return;
      const id = createEndedBy(read.stored);
      if (id === undefined) return;
      const { tenant } = read.stored.event;
      over.set(`${tenant}/${id}`, true);
      leave(tenant, id);
    },
    isOver,
  };
};

/** The create that gets its intent or its outcome by this event. */
const createEndedBy = (stored: TenantEvent): CommandId | undefined => {
  if (stored.kind === 'rejection') return ifCreate(stored.event.data.request.verb, stored.event.causationid);
  const { writer, event } = stored;
  if (event.name === 'command-expired') return ifCreate(event.data.request.verb, event.causationid);
  if (event.name === 'cancelled') return writer === 'gateway' ? event.data.cancels : undefined;
  return event.name === 'claimed' && event.data.host === writer ? event.causationid : undefined;
};

const ifCreate = (verb: Verb | undefined, id: CommandId | undefined): CommandId | undefined =>
  verb === 'create' ? id : undefined;
