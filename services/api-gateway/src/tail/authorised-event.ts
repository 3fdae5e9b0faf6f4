// Whether a VM's event is by an authorised writer. The VM's fold ignores any other, and so must this gateway's memory
// (P4, P9): otherwise a host could take over another's VM, or end its commands, in the answers though not on record.
import { whyUnauthorised } from '@ironlog/domain';
import type { VmLocation } from '@ironlog/read-model';
import type { VmEvent, Writer } from '@ironlog/schemas';

/** `where`: the VM's location after the event was folded, so that a claim or a cancellation counts once it is accepted. */
export const isAuthorised = (where: VmLocation | undefined, writer: Writer, event: VmEvent): boolean => {
  const owner = where?.kind === 'owned' ? where.host : null;
  if (whyUnauthorised({ owner }, event, writer) !== undefined) return false;
  if (event.name === 'claimed') return owner === writer;
  return event.name !== 'cancelled' || where?.kind === 'cancelled';
};
