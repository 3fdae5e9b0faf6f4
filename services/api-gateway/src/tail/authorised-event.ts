// Whether an event of a VM counts. Its own fold ignores what a stranger says, and so must all that this gateway remembers
// (P4, P9): else one host could move another's VM, or end its commands, in the answers though not on record.
import { whyUnauthorised } from '@ironlog/domain';
import type { VmLocation } from '@ironlog/read-model';
import type { VmEvent, Writer } from '@ironlog/schemas';

/** `where` as it is once the event has been folded: a claim or a cancellation counts when it has become the truth. */
export const isAuthorised = (where: VmLocation | undefined, writer: Writer, event: VmEvent): boolean => {
  const owner = where?.kind === 'owned' ? where.host : null;
  if (whyUnauthorised({ owner }, event, writer) !== undefined) return false;
  if (event.name === 'claimed') return owner === writer;
  return event.name !== 'cancelled' || where?.kind === 'cancelled';
};
