// Cursors of lists in the order of a key that never changes: opaque to callers; to us, the key after which the list goes on.
// A VM has its id from its create on, so that it keeps its place when a host claims it between two pages.
export type KeyedList = 'vms' | 'usage' | 'days';

/** Before every key. */
export const FROM_THE_START = '';

export const encodeKey = (list: KeyedList, key: string): string =>
  Buffer.from(`${list}:after:${key}`).toString('base64url');

/** `undefined`: no cursor of this list. Cursors of releases that paged by sequence (`vms:0::2`) are none. */
export const decodeKey = (list: KeyedList, cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return FROM_THE_START;
  const parts = /^([a-z]+):after:([a-z0-9][a-z0-9-]{0,62})$/.exec(Buffer.from(cursor, 'base64url').toString());
  return parts?.[1] === list ? parts[2] : undefined;
};
