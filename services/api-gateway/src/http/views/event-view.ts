// How an event looks over HTTP: as it is on record, with its place in the log; and who may see it at all.

import type { PastEvent } from '@ironlog/read-model';
import { type EventView, isTenantEvent } from '@ironlog/schemas';
import type { Principal } from '@ironlog/service-kit';

export const eventView = ({ sequence, stored }: PastEvent): EventView => {
  const { event } = stored;
  if (stored.kind === 'rejection') return { sequence, ...event };
  const { name: _, ...wire } = event as typeof event & { name: string };
  return { sequence, ...wire };
};

/**
 * P9: a tenant's events are its own. Events of hosts and images are for those who may see the hosts, and only where they tell nothing
 * of another tenant's VMs.
 */
export const maySee = ({ tenant, role }: Principal, { stored }: PastEvent): boolean => {
  if (isTenantEvent(stored)) return stored.event.tenant === tenant;
  if (role !== 'admin' && role !== 'auditor') return false;
  if (stored.kind === 'image') return true;
  const { event } = stored;
  if (event.name === 'declined') return event.data.tenant === tenant;
  // `<tenant>/<vm>`. One that begins with a slash is of before that was so, and tells where the host keeps its files.
  if (event.name === 'reaped') return event.data.directory.split('/')[0] === tenant;
  return true;
};
