import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from './secret.ts';

test('no usual conversion to text prints a secret', () => {
  const secret = new Secret('canary-4711');
  const printed = [`${secret}`, JSON.stringify({ secret }), inspect({ secret }, { depth: 9, showHidden: true })];
  expect(printed.join(' ')).not.toContain('canary');
  expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
  expect(secret.reveal()).toBe('canary-4711');
});
