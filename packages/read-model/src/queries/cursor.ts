// Cursors of operations. They are opaque to callers, and contain the list's position on each of its two sides.
export type List = 'operations';

/** The last recorded item shown, by its immutable key, and the last pending one, by its sequence in WORK. */
export interface Place {
  readonly sequence: number;
  readonly id: string;
  readonly pending: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

const START: Place = { sequence: 0, id: '', pending: 0 };

const encodeCursor = (list: List, { sequence, id, pending }: Place): string =>
  Buffer.from(`${list}:${sequence}:${id}:${pending}`).toString('base64url');

/** `undefined`: not a cursor of this list. */
export const decodeCursor = (list: List, cursor: string | undefined): Place | undefined => {
  if (cursor === undefined) return START;
  const parts = /^([a-z]+):(\d{1,15}):([a-z0-9-]{0,63}):(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (parts?.[1] !== list) return undefined;
  return { sequence: Number(parts[2]), id: parts[3] ?? '', pending: Number(parts[4]) };
};

export interface PendingItem<Item> {
  /** In WORK. */
  readonly sequence: number;
  readonly item: Item;
}

export interface Sides<Row, Item> {
  /** The rows after the position; one more than `limit` when there are more. */
  readonly recorded: readonly Row[];
  readonly itemOf: (row: Row) => Item;
  /** In WORK's order. */
  readonly pending: (afterSequence: number, atMost: number) => readonly PendingItem<Item>[];
}

/**
 * Recorded items, filled up with pending ones. Every page continues the recorded part: an item decided between two
 * pages sorts after all earlier ones, so it is not skipped; one that was shown as pending is shown again.
 */
export const pageOf = <Row extends { created_sequence: number; id: string }, Item>(
  { list, after, limit }: { readonly list: List; readonly after: Place; readonly limit: number },
  { recorded, itemOf, pending }: Sides<Row, Item>,
): Page<Item> => {
  const shown = recorded.slice(0, limit);
  const room = limit - shown.length;
  const waiting = recorded.length > limit ? [] : pending(after.pending, room + 1);
  const filled = waiting.slice(0, room);
  const last = shown.at(-1);
  const place: Place = {
    sequence: last?.created_sequence ?? after.sequence,
    id: last?.id ?? after.id,
    pending: filled.at(-1)?.sequence ?? after.pending,
  };
  const isLast = recorded.length <= limit && waiting.length <= room;
  return {
    items: [...shown.map(itemOf), ...filled.map(({ item }) => item)],
    nextCursor: isLast ? null : encodeCursor(list, place),
  };
};
