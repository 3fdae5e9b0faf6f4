import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WrittenKeys } from './written-keys.ts';

describe('the keys that may have a row', () => {
  it('never denies a key that was written', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (keys) => {
        const written = new WrittenKeys(true);
        for (const key of keys) written.add(key);
        return keys.every((key) => written.mayHave(key));
      }),
    );
  });
  it('avoids nearly every query for an absent key, also among similar ones', () => {
    const written = new WrittenKeys(true);
    for (let n = 0; n < 100_000; n += 1) written.add(`dev/vm-${n}`);
    let asked = 0;
    for (let n = 100_000; n < 200_000; n += 1) if (written.mayHave(`dev/vm-${n}`)) asked += 1;
    expect(asked).toBeLessThan(2_000);
  });
  it('denies no key of a table that already had rows', () => {
    expect(new WrittenKeys(false).mayHave('dev/vm-1')).toBe(true);
  });
});
