// Tells own success from conflict after the stream refused a conditional publish: by what its leader holds, never by the answer.
import { EventLogError } from './errors.ts';
import type { EventStore, StoreRequest } from './event-store.ts';
import type { AppendResult, Recorded } from './port.ts';
import { hashOf } from './recorded.ts';

export type Expected = Required<StoreRequest>;

/** Same id, subject and bytes: what this writer sent. An equal id alone may be another incarnation's event. */
const isOwn = (request: StoreRequest, entry: Recorded): boolean =>
  entry.messageId === request.messageId && entry.subject === request.subject && entry.hash === hashOf(request.bytes);

const committed = (entry: Recorded): AppendResult => ({
  kind: 'committed',
  sequence: entry.sequence,
  hash: entry.hash,
});

/**
 * After 10071. `undefined`: nothing after the expectation is there (yet), so nothing is certain: ask again.
 * Certainly not stored otherwise: the expectation of any copy still under way is outdated for good.
 */
export const resolveConflict = async (store: EventStore, request: Expected): Promise<AppendResult | undefined> => {
  const { filter, lastSequence } = request.expectation;
  const entries = await store.readSince(filter, lastSequence);
  const own = entries.find((entry) => isOwn(request, entry));
  if (own) return committed(own);
  return entries.length > 0 ? { kind: 'conflict', entries } : undefined;
};

/** After `duplicate`: ours if what stands at `sequence` is ours; else others have written, or the id is in use elsewhere. */
export const resolveDuplicate = async (
  store: EventStore,
  request: Expected,
  sequence: number,
): Promise<AppendResult | undefined> => {
  const entry = await store.readAt(sequence);
  if (entry && isOwn(request, entry)) return committed(entry);
  const settled = await resolveConflict(store, request);
  if (settled || !entry) return settled;
  throw reused(request, entry);
};

/** After `duplicate` of what has no expectation: the first one stored under the id counts, whatever its bytes. */
export const resolveRepeat = async (
  store: EventStore,
  request: StoreRequest,
  sequence: number,
): Promise<AppendResult | undefined> => {
  const entry = await store.readAt(sequence);
  if (!entry) return undefined;
  if (entry.messageId === request.messageId && entry.subject === request.subject) return committed(entry);
  throw reused(request, entry);
};

const reused = (request: StoreRequest, entry: Recorded): EventLogError =>
  new EventLogError(
    'event-id-reused',
    `event id ${request.messageId} for ${request.subject} is already that of another entry, at sequence ${entry.sequence} on ${entry.subject}: give each event an id of its own`,
  );
