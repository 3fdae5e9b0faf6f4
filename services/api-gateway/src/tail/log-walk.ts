// Walks the log from a cursor: first history, then the ring, joined by sequence. A slow reader falls back to history, and loses
// nothing.
import { setImmediate } from 'node:timers/promises';
import type { Recorded } from '@ironlog/event-log';
import type { PastEvent } from '@ironlog/read-model';
import type { TenantId } from '@ironlog/schemas';
import type { Queries } from '../read-workers/queries.ts';
import { ReadRefused } from '../read-workers/refused.ts';
import type { Reads } from '../reads/port.ts';
import type { Tail } from './tail.ts';

const PAGE = 500;
/** The retry interval while the history file lags behind the ring's start. */
const LAG_PAUSE_MS = 50;
/** The retry delay after a refused page. */
const REFUSED_PAUSE_MS = 500;

export interface WalkDeps {
  readonly reads: Pick<Reads, 'historyPosition'>;
  readonly queries: Pick<Queries, 'history'>;
  readonly tail: Pick<Tail, 'ring' | 'subscribe'>;
}

export interface WalkRange {
  readonly tenant: TenantId;
  readonly after: number;
  /** False: end at the log's end at the walk's start. */
  readonly follow: boolean;
  readonly visible: (event: PastEvent) => boolean;
  readonly signal: AbortSignal;
}

export interface Step {
  /** The visible events of the step. */
  readonly events: readonly PastEvent[];
  /** Everything up to here has been passed. */
  readonly reached: number;
}

/** `waitMs`: the longest time without events before an empty step; called for each step. */
export const walkLog = async function* (
  { reads, queries, tail }: WalkDeps,
  range: WalkRange,
  waitMs: () => number,
): AsyncGenerator<Step> {
  const end = tail.ring.last();
  let cursor = range.after;
  while (!range.signal.aborted) {
    const before = cursor;
    const recent = tail.ring.since(cursor);
    if (recent) {
      cursor = recent.at(-1)?.sequence ?? cursor;
      yield { events: recent.flatMap(pastOf).filter(range.visible), reached: cursor };
      if (!range.follow && cursor >= end) return;
      if (cursor === before) await nextEntry(tail, { after: cursor, withinMs: waitMs(), signal: range.signal });
      continue;
    }
    // Read before the page, so that an incomplete page means: no events of this tenant up to here.
    const history = reads.historyPosition();
    const page = await historyPage(queries, { ...range, after: cursor }, history);
    if (page === undefined) {
      yield { events: [], reached: cursor };
      await pause(REFUSED_PAUSE_MS, range.signal);
      continue;
    }
    cursor = page.at(-1)?.sequence ?? cursor;
    if (page.length < PAGE) cursor = Math.max(cursor, history);
    yield { events: page.filter(range.visible), reached: cursor };
    // Other work runs between two pages, also when they have no visible events.
    await (cursor === before ? pause(LAG_PAUSE_MS, range.signal) : setImmediate());
  }
};

/** `undefined`: the read workers refused the query; a stream that has begun retries. */
const historyPage = async (
  queries: WalkDeps['queries'],
  { tenant, after, signal }: Pick<WalkRange, 'tenant' | 'after' | 'signal'>,
  upTo: number,
): Promise<readonly PastEvent[] | undefined> => {
  // Streams have a separate share: those that catch up must not block their tenant's lists.
  const by = { party: `${tenant} streams`, atLeast: { events: upTo, work: 0 }, signal };
  try {
    return await queries.history(by, tenant, { after, limit: PAGE });
  } catch (error) {
    if (error instanceof ReadRefused) return undefined;
    throw error;
  }
};

const pastOf = ({ sequence, read }: Recorded): PastEvent[] => (read.ok ? [{ sequence, stored: read.stored }] : []);

interface Waiting {
  readonly after: number;
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** Resolves when the log has passed `after`, on the timeout, or when the reader has disconnected. */
const nextEntry = async (tail: WalkDeps['tail'], { after, withinMs, signal }: Waiting): Promise<void> => {
  const over = Promise.withResolvers<void>();
  const wake = (): void => over.resolve();
  const leave = tail.subscribe(wake);
  if (tail.ring.last() > after || signal.aborted) wake();
  const timer = setTimeout(wake, withinMs);
  signal.addEventListener('abort', wake, { once: true });
  await over.promise;
  leave();
  clearTimeout(timer);
  signal.removeEventListener('abort', wake);
};

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  const over = Promise.withResolvers<void>();
  const wake = (): void => over.resolve();
  const timer = setTimeout(wake, ms);
  signal.addEventListener('abort', wake, { once: true });
  await over.promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', wake);
};
