// Distinguishes own success from conflict after a refused publish, by the entries of the stream's leader, never by the answer.
import { EventLogError } from './errors.ts';
import type { EventStore, StoreRequest } from './event-store.ts';
import type { AppendResult, Recorded } from './port.ts';
import { hashOf } from './recorded.ts';

export type Expected = Required<StoreRequest>;

/** Same id, subject and bytes: this writer's event. An equal id alone may be another incarnation's. */
const isOwn = (request: StoreRequest, entry: Recorded): boolean =>
  entry.messageId === request.messageId && entry.subject === request.subject && entry.hash === hashOf(request.bytes);

const committed = (entry: Recorded): AppendResult => ({
  kind: 'committed',
  sequence: entry.sequence,
  hash: entry.hash,
});

/**
 * After 10071. `undefined`: no entry after the expectation (yet), so retry. Otherwise certainly not stored: the
 * expectation of any copy in flight is stale for good.
 */
export const resolveConflict = async (store: EventStore, request: Expected): Promise<AppendResult | undefined> => {
  const { filter, lastSequence } = request.expectation;
  const entries = await store.readSince(filter, lastSequence);
  const own = entries.find((entry) => isOwn(request, entry));
  if (own) return committed(own);
  return entries.length > 0 ? { kind: 'conflict', entries } : undefined;
};

/** After `duplicate`: ours if the entry at `sequence` is ours; else a conflict, or the id is in use elsewhere. */
export const resolveDuplicate = async (
  store: EventStore,
  request: Expected,
  sequence: number,
): Promise<AppendResult | undefined> => {
  const entry = await store.readAt(sequence);
  if (entry && isOwn(request, entry)) return committed(entry);
  const resolved = await resolveConflict(store, request);
  if (resolved || !entry) return resolved;
  throw reused(request, entry);
};

/** After `duplicate` without an expectation: the first entry stored with the id counts, whatever its bytes. */
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
