import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tenantId } from '@ironlog/schemas';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../telemetry/log.ts';
import { createManualClock } from '../time/clock.ts';
import { hashToken, newToken, type TokenEntry, writeTokenFile } from './token-file.ts';
import { openTokens } from './tokens.ts';

const directory = mkdtempSync(join(tmpdir(), 'ironlog-tokens-'));
afterAll(() => rmSync(directory, { recursive: true }));

const path = join(directory, 'tokens.json');
const lines: string[] = [];
const logger = createLogger({ service: 'test', to: { write: (line) => void lines.push(line) } });
const clock = createManualClock(new Date('2030-01-01T00:00:00Z'));
const token = newToken();
const other = newToken();
const entry = (id: string, of: string): TokenEntry => ({
  id,
  hash: hashToken(of),
  tenant: tenantId('acme'),
  role: 'operator',
  expiresAt: '2031-01-01T00:00:00.000Z',
});
beforeEach(() => writeTokenFile(path, [entry('first', token), entry('second', other)]));

const open = () => openTokens(path, { clock, logger });

test('a known token gives its tenant and role', () => {
  expect(open().authenticate(`Bearer ${token}`)).toEqual({
    ok: true,
    principal: { tokenId: 'first', tenant: 'acme', role: 'operator' },
  });
});

test.each([
  [undefined, 'missing'],
  ['', 'malformed'],
  ['Basic dXNlcjpwYXNz', 'malformed'],
  ['Bearer', 'malformed'],
  ['Bearer a b', 'malformed'],
  [`Bearer ${'a'.repeat(600)}`, 'malformed'],
  [`Bearer ${newToken()}`, 'unknown'],
  [`Bearer ${hashToken(token)}`, 'unknown'],
])('the header %s is refused as %s', (header, code) => {
  expect(open().authenticate(header)).toEqual({ ok: false, code });
});

test('a token is refused from its expiry on', () => {
  const later = createManualClock(new Date('2031-01-01T00:00:00.000Z'));
  expect(openTokens(path, { clock: later, logger }).authenticate(`Bearer ${token}`)).toEqual({
    ok: false,
    code: 'expired',
  });
});

test('a revoked token is refused from the next request on, and others are not', () => {
  const tokens = open();
  writeTokenFile(path, [entry('second', other)]);
  expect(tokens.authenticate(`Bearer ${token}`)).toEqual({ ok: false, code: 'unknown' });
  expect(tokens.authenticate(`Bearer ${other}`).ok).toBe(true);
});

test('a damaged file refuses every token until it is repaired: a revoked token must not stay valid', () => {
  const tokens = open();
  writeFileSync(path, '{"tokens":[');
  expect(tokens.authenticate(`Bearer ${token}`)).toEqual({ ok: false, code: 'unavailable' });
  expect(lines.at(-1)).toContain('every token is refused');
  rmSync(path);
  expect(tokens.authenticate(`Bearer ${token}`)).toEqual({ ok: false, code: 'unavailable' });
  writeTokenFile(path, [entry('first', token)]);
  expect(tokens.authenticate(`Bearer ${token}`).ok).toBe(true);
});

test('a file that others may read is refused, with the corrective command', () => {
  chmodSync(path, 0o640);
  expect(open).toThrow(`${path} has mode 0640, so others may read it; run: chmod 600 ${path}`);
});

test('an entry with an unknown field, a bad role or a second use of an id is refused', () => {
  const bad = [
    { ...entry('x', token), admin: true },
    { ...entry('x', token), role: 'root' },
  ];
  for (const one of bad) {
    writeFileSync(path, JSON.stringify({ tokens: [one] }));
    expect(open).toThrow('is no token file');
  }
  expect(() => writeTokenFile(path, [entry('x', token), entry('x', other)])).toThrow('same id');
});

test('the file is 0600 and holds no token', () => {
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).not.toContain(token);
  expect(lines.join('')).not.toContain(token);
});
