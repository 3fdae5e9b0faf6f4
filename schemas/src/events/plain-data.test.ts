// The fast check accepts only what the schema accepts unchanged and in the same order, and accepts every output of the schema.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fastCheckOf } from './plain-data.ts';
import { VM_EVENT_NAMES, vmEventData } from './vm-events.ts';

/** Values of every kind that a member may have, and near misses. */
const WORDS: readonly unknown[] = [
  ...['vm-1', 'host-1', 'recovery', 'any', `evt-${'0'.repeat(26)}`, 'a'.repeat(64), 'A'.repeat(64), 'x'.repeat(65)],
  `sha256-${'0a'.repeat(32)}`,
  ...['', 'x', 'text', 'a b', 'tab\t', '\u{1f600}', '\u{1f600}'.repeat(20), '\u{1f600}'.repeat(63), 'x'.repeat(2001)],
  ...['2026-01-31T23:59:59.999Z', '2026-02-30T00:00:00.000Z', '2026-01-01T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ...[0, 1, 2, 32, 101, 1.5, -1, 2 ** 31, 2 ** 53, 86_400, true, false, null, [], {}, [null], { a: 'b' }],
];
const nearMiss = fc.oneof(fc.constantFrom(...WORDS), fc.jsonValue());

/** Mostly valid input of a schema, as a sender may write it: members missing, additional, or in another order. */
const anyOf = (schema: z.core.$ZodType): fc.Arbitrary<unknown> => {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      return objectOf(Object.entries(def.shape));
    case 'array':
      return fc.array(anyOf(def.element), { maxLength: 5 });
    case 'record':
      return fc.dictionary(fc.constantFrom('tier', 'a/b', '7', '_x', 'x'.repeat(64)), anyOf(def.valueType));
    case 'nullable':
      return fc.oneof(fc.constant(null), anyOf(def.innerType));
    case 'optional':
    case 'default':
    case 'prefault':
      return anyOf(def.innerType);
    default: {
      const known = [...WORDS, ...(schema._zod.values ?? [])].filter((word) => z.safeParse(schema, word).success);
      return fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: nearMiss });
    }
  }
};

const objectOf = (members: readonly [string, z.core.$ZodType][]): fc.Arbitrary<unknown> => {
  const rarely = { weight: 1, arbitrary: fc.constant(true) };
  const seldom = fc.oneof({ weight: 15, arbitrary: fc.constant(false) }, rarely);
  const member = ([name, schema]: [string, z.core.$ZodType]) =>
    fc
      .tuple(schema._zod.optin === undefined ? seldom : fc.boolean(), anyOf(schema))
      .map(([lacks, value]) => (lacks ? [] : [[name, value] as const]));
  return fc.tuple(seldom, seldom, ...members.map(member)).map(([turned, added, ...given]) => {
    const fields = given.flat();
    return Object.fromEntries([...(turned ? fields.toReversed() : fields), ...(added ? [['extra', 1] as const] : [])]);
  });
};

describe.each(VM_EVENT_NAMES)('the data of %s', (name) => {
  const schema = vmEventData[name];
  const fastCheck = fastCheckOf(schema);

  it('passes the fast check only if the schema returns it unchanged', () => {
    fc.assert(
      fc.property(anyOf(schema), (value) => {
        if (!fastCheck(value)) return;
        const answer = schema.parse(value);
        expect(answer).toEqual(value);
        expect(JSON.stringify(answer)).toBe(JSON.stringify(value));
      }),
      { numRuns: 400 },
    );
  });

  it('passes the fast check in the form that the schema returns', () => {
    let taken = 0;
    fc.assert(
      fc.property(anyOf(schema), (value) => {
        const { success, data } = schema.safeParse(value);
        // zod counts the code points of astral characters.
        if (!success || /\p{Emoji_Presentation}{2}/u.test(JSON.stringify(data))) return;
        expect(fastCheck(data)).toBe(true);
        taken += 1;
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});

describe('the fast check', () => {
  it.each<[string, z.core.$ZodType, unknown]>([
    ['a transformation', z.string().transform((text) => text.length), 'text'],
    ['a trimmed text', z.string().trim(), 'text'],
    ['a coerced number', z.coerce.number(), 1],
    ['a URL', z.url(), 'http://x'],
    ['an open object', z.object({ a: z.int() }), { a: 1 }],
    ['an object that keeps what it does not know', z.looseObject({ a: z.int() }), { a: 1 }],
    ['a stateful pattern', z.string().regex(/a/g), 'a'],
    ['a default', z.strictObject({ a: z.int().default(1) }), {}],
    ['a second option', z.union([z.strictObject({ a: z.int().default(1) }), z.strictObject({})]), {}],
    ['a member called __proto__', z.record(z.string(), z.int()), JSON.parse('{"__proto__":1}')],
    ['another order', z.strictObject({ a: z.int(), b: z.int() }), { b: 1, a: 1 }],
  ])('leaves %s to zod', (_, schema, value) => {
    expect(fastCheckOf(schema)(value)).toBe(false);
  });
});
