import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJson } from './read-json.ts';

const reasonOf = (text: string): string => {
  const read = readJson(text);
  return read.ok ? 'JSON' : read.reason;
};

test.each([
  ['{"id":', 'unexpected end', 'line 1, column 7'],
  ['id=1', 'unexpected character', 'line 1, column 1'],
  ['{"a":1,}', 'expected double-quoted property name', 'line 1, column 8'],
  ['{\n  "a": tru\n}', 'unexpected character', 'line 2, column 11'],
  ['{"a": x at position 7}', 'unexpected character', 'line 1, column 7'],
  ['[object Object]', 'unexpected character', 'line 1, column 2'],
  ['undefined', 'unexpected character', 'line 1, column 1'],
  ['{} x', 'unexpected non-whitespace character after JSON', 'line 1, column 4'],
])('%j is not JSON, and the reason has the position', (text, what, where) => {
  expect(reasonOf(text)).toBe(`it is not JSON: ${what} at ${where}`);
});

test.each(['{"__proto__":{}}', '{"a":[{"\\u005f_proto__":1}]}', '{"constructor":{"prototype":{}}}'])(
  '%s is refused because of a member with a meaning in JavaScript',
  (text) => {
    expect(reasonOf(text)).toMatch(/^a member (__proto__|constructor\.prototype) is refused/);
  },
);

test.each(['{"constructor":"x"}', '"__proto__"', '\ufeff{}', 'null', '{"prototype":{}}'])('%s is accepted', (text) => {
  expect(readJson(text)).toEqual({ ok: true, value: JSON.parse(text.replace('\ufeff', '')) });
});

test('invalid JSON is refused with a position in it, and none of it is repeated', () => {
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', '}', '"', ',', '#', '\\', '\n', 'secret'))
    .map(([text, place, put]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + put + text.slice(at + 1);
    });
  fc.assert(
    fc.property(broken, (text) => {
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      const reason = reasonOf(text);
      expect(reason.startsWith('it is not JSON')).toBe(!isJson);
      if (isJson) return;
      const [, line = '', column = ''] = / at line (\d+), column (\d+)$/.exec(reason) ?? [];
      const lines = text.split('\n');
      expect(Number(column)).toBeLessThanOrEqual((lines[Number(line) - 1]?.length ?? 0) + 1);
      expect(reason).not.toContain('secret');
    }),
    { numRuns: 500 },
  );
});

test('a body of the maximum depth is checked', () => {
  const depth = 10_000;
  expect(readJson(`${'['.repeat(depth)}${']'.repeat(depth)}`).ok).toBe(true);
  expect(readJson(`${'['.repeat(depth)}{"__proto__":1}${']'.repeat(depth)}`).ok).toBe(false);
});
