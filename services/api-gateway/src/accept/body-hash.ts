// The hash that distinguishes a repeated request from another one under the same key.
import { createHash } from 'node:crypto';

/** JSON with sorted keys, so that two spellings of one value have the same hash. The value must come from JSON.parse. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
};

/**
 * SHA-256 in hex, of the request as sent. It is stored for good, so it must not depend on defaults, which a later
 * release may change; an omitted field is not in the hash.
 */
export const bodyHashOf = (asked: {
  readonly verb: string;
  readonly vmId: string | null;
  readonly params: unknown;
  readonly startBy: string | null;
  readonly expectedRevision?: number | undefined;
}): string => createHash('sha256').update(canonicalJson(asked)).digest('hex');
