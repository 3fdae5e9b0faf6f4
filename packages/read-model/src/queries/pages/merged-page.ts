// One page out of lists in the order of one key, each of which was looked through for a bounded number of rows.

import { encodeKey, type KeyedList } from './key-cursor.ts';
import type { Page } from './page.ts';

export interface Part<Item> {
  /** In the order of their keys; one more than fits the page when there are more. */
  readonly items: readonly Item[];
  /** The last id scanned; undefined: the scan was complete, or the page is full before. */
  readonly scannedTo: string | undefined;
}

/** Greater than every key. */
export const AFTER_EVERY_KEY = '~';
export const NOTHING: Part<never> = { items: [], scannedTo: undefined };

/**
 * A page may be shorter than `limit`, even empty, and still have a cursor: it then ends where the shortest scan
 * ended, so that the next page begins there and no item is skipped.
 */
export const mergedPage = <Item>(
  { list, limit, keyOf }: { readonly list: KeyedList; readonly limit: number; readonly keyOf: (item: Item) => string },
  parts: readonly Part<Item>[],
): Page<Item> => {
  const ends = parts.flatMap(({ items, scannedTo }) =>
    scannedTo === undefined || items.length > limit ? [] : scannedTo,
  );
  const end = ends.toSorted()[0] ?? AFTER_EVERY_KEY;
  const found = parts
    .flatMap(({ items }) => items)
    .filter((item) => keyOf(item) <= end)
    .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const items = found.slice(0, limit);
  const last = items.at(-1);
  if (found.length > limit && last !== undefined) return { items, nextCursor: encodeKey(list, keyOf(last)) };
  return { items, nextCursor: end === AFTER_EVERY_KEY ? null : encodeKey(list, end) };
};
