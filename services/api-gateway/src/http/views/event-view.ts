// An event in the API: as stored, with its position in the log; and who may see it.

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
 * P9: a tenant sees its own events. A role that sees hosts also sees the events of hosts and images, unless they concern
 * another tenant's VMs.
 */
export const maySee = ({ tenant, role }: Principal, { stored }: PastEvent): boolean => {
  if (isTenantEvent(stored)) return stored.event.tenant === tenant;
  if (role !== 'admin' && role !== 'auditor') return false;
  if (stored.kind === 'image') return true;
  const { event } = stored;
  if (event.name === 'declined') return event.data.tenant === tenant;
  // `<tenant>/<vm>`. A path with a leading slash is of an earlier release, and would reveal the host's directory.
  if (event.name === 'reaped') return event.data.directory.split('/')[0] === tenant;
  return true;
};
