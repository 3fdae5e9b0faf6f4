// A stream in memory with nats-server's behaviour: the expectation is checked before the duplicate id, subjects with
// wildcards.
import { LogUnavailableError } from '../errors.ts';
import type { EventStore, StoreAnswer, StoreRequest } from '../event-store.ts';
import type { LogInfo, Recorded } from '../port.ts';
import { recorded } from '../recorded.ts';
import { matches } from './subject-match.ts';

/** The stream itself; several stores on one are several clients of one server. */
export interface MemoryStream {
  readonly createdAt: Date;
  readonly entries: Recorded[];
  /** Called after every stored entry. */
  readonly listeners: Set<() => void>;
}

export const memoryStream = (): MemoryStream => ({ createdAt: new Date(), entries: [], listeners: new Set() });

/** What the link between client and stream loses: nothing, requests, or replies. */
export type Loss = 'nothing' | 'requests' | 'replies';

export const write = (
  stream: MemoryStream,
  entry: { readonly subject: string; readonly bytes: Uint8Array; readonly messageId?: string },
): number => {
  const sequence = stream.entries.length + 1;
  const storedAt = new Date();
  stream.entries.push(
    recorded({
      sequence,
      subject: entry.subject,
      bytes: entry.bytes,
      storedAt: () => storedAt,
      messageId: () => entry.messageId,
    }),
  );
  for (const listener of stream.listeners) listener();
  return sequence;
};

export const memoryStore = (stream: MemoryStream, loss: () => Loss): EventStore => {
  const reading = async <T>(read: () => T): Promise<T> => {
    if (loss() !== 'nothing') throw new LogUnavailableError(`the link loses ${loss()}`, undefined);
    return read();
  };
  return {
    store: async (request) => {
      const lost: StoreAnswer = { kind: 'unknown', closed: false, cause: new Error(`the link loses ${loss()}`) };
      if (loss() === 'requests') return lost;
      const answer = storeOnce(stream, request);
      return loss() === 'replies' ? lost : answer;
    },
    readSince: (filter, after) =>
      reading(() => stream.entries.slice(after).filter((entry) => matches(filter, entry.subject))),
    readAt: (sequence) => reading(() => stream.entries[sequence - 1]),
    info: () => reading(() => memoryInfo(stream)),
  };
};

export const memoryInfo = (stream: MemoryStream): LogInfo => ({
  createdAt: stream.createdAt,
  firstSequence: stream.entries.length > 0 ? 1 : 0,
  lastSequence: stream.entries.length,
});

const storeOnce = (stream: MemoryStream, request: StoreRequest): StoreAnswer => {
  const { expectation } = request;
  if (expectation) {
    const last = stream.entries.findLast((entry) => matches(expectation.filter, entry.subject))?.sequence ?? 0;
    if (last !== expectation.lastSequence)
      return { kind: 'wrong-last-sequence', cause: new Error(`wrong last sequence: ${last}`) };
  }
  const known = stream.entries.find((entry) => entry.messageId === request.messageId);
  if (known) return { kind: 'duplicate', sequence: known.sequence };
  return { kind: 'stored', sequence: write(stream, request) };
};
