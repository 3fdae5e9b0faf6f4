// Events from a cursor on: history first, then the ring, joined by sequence; a slow reader falls back to history, never loses.
import type { Recorded } from '@ironlog/event-log';
import type { PastEvent } from '@ironlog/read-model';
import type { TenantId } from '@ironlog/schemas';
import type { Reads } from '../reads/port.ts';
import type { Tail } from './tail.ts';

const PAGE = 500;
/** How soon the history file is asked again while it lags behind what the ring still holds. */
const LAG_PAUSE_MS = 50;

export interface StreamRange {
  readonly tenant: TenantId;
  readonly after: number;
  /** False: end at what was on record when the stream began. */
  readonly follow: boolean;
  readonly visible: (event: PastEvent) => boolean;
  /** An idle stream says where it is this often. */
  readonly heartbeatMs: number;
  readonly signal: AbortSignal;
}

export type Frame =
  | { readonly kind: 'event'; readonly event: PastEvent }
  | { readonly kind: 'mark'; readonly sequence: number };

export interface StreamDeps {
  readonly reads: Pick<Reads, 'history' | 'historyPosition'>;
  readonly tail: Pick<Tail, 'ring' | 'subscribe'>;
}

export const streamEvents = async function* ({ reads, tail }: StreamDeps, range: StreamRange): AsyncGenerator<Frame> {
  const end = tail.ring.last();
  let cursor = range.after;
  while (!range.signal.aborted) {
    const recent = tail.ring.since(cursor);
    if (recent) {
      for (const entry of recent) {
        const event = pastOf(entry);
        cursor = entry.sequence;
        if (event && range.visible(event)) yield { kind: 'event', event };
      }
      if (!range.follow && cursor >= end) return;
      if (recent.length > 0) continue;
      if (!(await nextEntry(tail, cursor, range))) yield { kind: 'mark', sequence: cursor };
      continue;
    }
    // Read before the page, so that an incomplete page says: nothing of this tenant up to here.
    const history = reads.historyPosition();
    const page = reads.history(range.tenant, { after: cursor, limit: PAGE });
    for (const event of page) {
      if (range.visible(event)) yield { kind: 'event', event };
    }
    const before = cursor;
    cursor = page.at(-1)?.sequence ?? cursor;
    if (page.length < PAGE) cursor = Math.max(cursor, history);
    if (cursor === before) await pause(LAG_PAUSE_MS, range.signal);
  }
};

const pastOf = ({ sequence, read }: Recorded): PastEvent | undefined =>
  read.ok ? { sequence, stored: read.stored } : undefined;

/** True: the log has gone past `cursor`. False: nothing for as long as a heartbeat, or the reader has gone. */
const nextEntry = async (
  tail: StreamDeps['tail'],
  cursor: number,
  { heartbeatMs, signal }: StreamRange,
): Promise<boolean> => {
  const come = Promise.withResolvers<boolean>();
  const leave = tail.subscribe(() => come.resolve(true));
  if (tail.ring.last() > cursor) come.resolve(true);
  const quiet = (): void => come.resolve(false);
  const timer = setTimeout(quiet, heartbeatMs);
  signal.addEventListener('abort', quiet, { once: true });
  try {
    return await come.promise;
  } finally {
    leave();
    clearTimeout(timer);
    signal.removeEventListener('abort', quiet);
  }
};

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  const over = Promise.withResolvers<void>();
  const done = (): void => over.resolve();
  const timer = setTimeout(done, ms);
  signal.addEventListener('abort', done, { once: true });
  await over.promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', done);
};
