// The kinds of bad input: every route and every verb has rows for each, or a reason why the kind does not apply.

export const KINDS = [
  'unknown field',
  'wrong type',
  'out of range',
  'too large',
  'not JSON',
  'foreign tenant',
  'illegal state',
  'unknown VM',
  'unknown image',
  'path characters',
  'SQL characters',
  'past startBy',
] as const;
export type Kind = (typeof KINDS)[number];

/** The kind does not apply, and why. */
export interface NotApplicable {
  readonly none: string;
}
export const none = (why: string): NotApplicable => ({ none: why });

/** Every kind, so that a forgotten one does not compile. */
export type ByKind<Row> = Readonly<Record<Kind, readonly Row[] | NotApplicable>>;

/** The rows with the name of their test; kinds that do not apply have none. */
export const rowsOf = <Row>(name: string, byKind: ByKind<Row>): readonly (readonly [string, Row])[] =>
  Object.entries(byKind).flatMap(([kind, rows]) => {
    if ('none' in rows) return [];
    return rows.map((row, index) => [`${name}: ${kind}${rows.length > 1 ? ` (${index + 1})` : ''}`, row] as const);
  });
