// Whether an event of a VM counts. Its own fold ignores what a stranger says, and so must all that this gateway remembers
// (P4, P9): else one host could move another's VM, or end its commands, in the answers though not on record.
import { whyStranger } from '@ironlog/domain';
import type { Whereabouts } from '@ironlog/read-model';
import type { VmEvent, Writer } from '@ironlog/schemas';

/** `where` as it is once the event has been folded: a claim or a cancellation counts when it has become the truth. */
export const isHeeded = (where: Whereabouts | undefined, writer: Writer, event: VmEvent): boolean => {
  const owner = where?.kind === 'owned' ? where.host : null;
  if (whyStranger({ owner }, event, writer) !== undefined) return false;
  if (event.name === 'claimed') return owner === writer;
  return event.name !== 'cancelled' || where?.kind === 'cancelled';
};
