// Cursors: opaque to callers, the immutable key (creation sequence, id) of the last item to us.
export interface PageKey {
  readonly sequence: number;
  readonly id: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

const START: PageKey = { sequence: -1, id: '' };

export const encodeCursor = ({ sequence, id }: PageKey): string =>
  Buffer.from(`${sequence}:${id}`).toString('base64url');

/** `undefined`: not a cursor of ours. */
export const decodeCursor = (cursor: string | undefined): PageKey | undefined => {
  if (cursor === undefined) return START;
  const match = /^(\d{1,15}):([a-z0-9-]{1,63})$/.exec(Buffer.from(cursor, 'base64url').toString());
  return match ? { sequence: Number(match[1]), id: match[2] ?? '' } : undefined;
};

/** `rows` holds one more than `limit` when there is a next page. */
export const pageOf = <Row extends { created_sequence: number; id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
): Page<Item> => {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor =
    rows.length > limit && last ? encodeCursor({ sequence: last.created_sequence, id: last.id }) : null;
  return { items: shown.map(item), nextCursor };
};

/** In the place of a creation sequence: what only WORK knows comes after all that is on record, in WORK's order. */
const AFTER_ALL = 999_999_999_999_999;

export interface PendingItem<Item> {
  /** In WORK. */
  readonly sequence: number;
  readonly item: Item;
}

/** A page of what is on record, filled up with what is pending. What is decided between two pages is on neither's rest. */
export const withPending = <Item>(
  page: Page<Item>,
  { limit, after }: { readonly limit: number; readonly after: PageKey },
  read: (afterSequence: number, limit: number) => readonly PendingItem<Item>[],
): Page<Item> => {
  if (page.nextCursor !== null) return page;
  const room = limit - page.items.length;
  const from = after.sequence === AFTER_ALL ? Number(after.id) : 0;
  const waiting = read(from, room + 1);
  const shown = waiting.slice(0, room);
  const last = shown.at(-1)?.sequence ?? from;
  return {
    items: [...page.items, ...shown.map(({ item }) => item)],
    nextCursor: waiting.length > room ? encodeCursor({ sequence: AFTER_ALL, id: String(last) }) : null,
  };
};
