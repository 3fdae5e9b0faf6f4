// VMs by a part of their name or id: the trigram index returns a few candidates, or reports that there are many.
import type { TenantId } from '@ironlog/schemas';
import type { Db } from '../../database.ts';
import type { Scope } from '../../scope.ts';

/** The `created_sequence` of each VM that may contain the text; `many`: too many to check one by one. */
export type Candidates = readonly number[] | 'many';

/** Each candidate costs a read of its row, some 4 µs. */
const MOST = 1000;
/** The number of trigrams per search: each costs a scan of its list, and a few of them leave few candidates. */
const MOST_TRIGRAMS = 4;
const TRIGRAM = 3;

// The VMs of one tenant and scope are one range of rowids.
const FROM = '((@number << 42) | (@scope << 40))';
const UNTIL = '((@number << 42) | ((@scope + 1) << 40))';
const SEQUENCE = '1099511627775';
const MATCHES = `
SELECT rowid & ${SEQUENCE} AS sequence, 1 AS mine FROM vm_text
WHERE vm_text MATCH @text AND rowid >= ${FROM} AND rowid < ${UNTIL} LIMIT @most`;
/** For fewer letters than a trigram has: all terms that begin with them, of any tenant, as long as they are few. */
const BEGINNINGS = `
SELECT doc & ${SEQUENCE} AS sequence, doc >= ${FROM} AND doc < ${UNTIL} AS mine FROM vm_text_terms
WHERE term >= @text AND term <= @text || char(1114111) LIMIT @most`;
/** For their test. */
export const TEXT_LISTS = { MATCHES, BEGINNINGS };

/** Spread over the text, including the first and the last; quoted for FTS5. */
const trigramsOf = (letters: readonly string[]): string => {
  const starts = letters.length - TRIGRAM;
  const count = Math.min(MOST_TRIGRAMS, starts + 1);
  const places = Array.from({ length: count }, (_, n) => (count === 1 ? 0 : Math.round((n * starts) / (count - 1))));
  return places
    .map((at) =>
      letters
        .slice(at, at + TRIGRAM)
        .join('')
        .replaceAll('"', '""'),
    )
    .map((trigram) => `"${trigram}"`)
    .join(' AND ');
};

export const prepareVmText = (db: Db) => {
  const numberOf = db.prepare<[string], number>('SELECT number FROM tenant_numbers WHERE tenant = ?').pluck();
  const matches = db.prepare<[object], { sequence: number; mine: number }>(MATCHES);
  const beginnings = db.prepare<[object], { sequence: number; mine: number }>(BEGINNINGS);
  /** `text`: in lower case. Candidates may not contain it, but every VM that does is one. */
  return (tenant: TenantId, scope: Scope, text: string): Candidates => {
    const number = numberOf.get(tenant);
    if (number === undefined) return [];
    const letters = Array.from(text);
    const isShort = letters.length < TRIGRAM;
    const range = { number, scope, most: MOST + 1 };
    const rows = isShort ? beginnings.all({ ...range, text }) : matches.all({ ...range, text: trigramsOf(letters) });
    if (rows.length > MOST) return 'many';
    return [...new Set(rows.filter(({ mine }) => mine === 1).map(({ sequence }) => sequence))];
  };
};
