// VMs by a part of their name or id: the index of trigrams tells few candidates, or that there are many.
import type { TenantId } from '@ironlog/schemas';
import type { Db } from '../../database.ts';
import type { Scope } from '../../scope.ts';

/** The `created_sequence` of each VM that may hold the text; `many`: more than are worth looking at one by one. */
export type Candidates = readonly number[] | 'many';

/** Each candidate costs a look at its row: some 4 µs. */
const MOST = 1000;
/** Trigrams looked for at once: each costs a walk through its list, and few of them leave few candidates. */
const MOST_TRIGRAMS = 4;
const TRIGRAM = 3;

// The VMs of one tenant and scope are one range of rowids.
const FROM = '((@number << 42) | (@scope << 40))';
const UNTIL = '((@number << 42) | ((@scope + 1) << 40))';
const SEQUENCE = '1099511627775';
const MATCHES = `
SELECT rowid & ${SEQUENCE} AS sequence, 1 AS mine FROM vm_text
WHERE vm_text MATCH @text AND rowid >= ${FROM} AND rowid < ${UNTIL} LIMIT @most`;
/** Of fewer letters than a trigram has: all that begin with them, of whomever, as long as they are few. */
const BEGINNINGS = `
SELECT doc & ${SEQUENCE} AS sequence, doc >= ${FROM} AND doc < ${UNTIL} AS mine FROM vm_text_terms
WHERE term >= @text AND term <= @text || char(1114111) LIMIT @most`;
/** For their test. */
export const TEXT_LISTS = { MATCHES, BEGINNINGS };

/** Spread over the text, its first and its last among them; quoted for FTS5. */
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
  /** `text`: in lower case. Not each candidate holds it; none that holds it is missing. */
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
