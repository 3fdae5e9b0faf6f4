// The hash by which a repeated request is told from another one under the same key.
import { createHash } from 'node:crypto';

/** JSON with its keys sorted, so that two spellings of one value hash alike. The value must be what JSON.parse gives. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
};

/**
 * SHA-256 in hex, of what was sent. It is kept for good, so it must never depend on defaults, which a later release may
 * change; what a request does not say is left out of it.
 */
export const bodyHashOf = (asked: {
  readonly verb: string;
  readonly vmId: string | null;
  readonly params: unknown;
  readonly startBy: string | null;
  readonly expectedRevision?: number | undefined;
}): string => createHash('sha256').update(canonicalJson(asked)).digest('hex');
