// Cursors of lists in the order of a key that never changes: opaque to callers; to us, the key after which the list goes on.
// A VM has its id, and an operation the time of its request, from the start: each keeps its place when it is taken up between
// two pages.
const ID = '[a-z0-9][a-z0-9-]{0,62}';
const KEYS = {
  vms: new RegExp(`^${ID}$`),
  images: new RegExp(`^${ID}$`),
  usage: new RegExp(`^${ID}$`),
  days: new RegExp(`^${ID}$`),
  operations: new RegExp(`^\\d{15}/${ID}$`),
} as const;
export type KeyedList = keyof typeof KEYS;

/** Less than every key. */
export const FROM_THE_START = '';

export const encodeKey = (list: KeyedList, key: string): string =>
  Buffer.from(`${list}:after:${key}`).toString('base64url');

/** `undefined`: no cursor of this list. Cursors of releases that paged by sequence (`vms:0::2`) are none. */
export const decodeKey = (list: KeyedList, cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return FROM_THE_START;
  const parts = /^([a-z]+):after:(.+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  const key = parts?.[1] === list ? parts[2] : undefined;
  return key !== undefined && KEYS[list].test(key) ? key : undefined;
};
