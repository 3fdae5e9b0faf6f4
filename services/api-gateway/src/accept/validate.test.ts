import { tenantId, vmId } from '@ironlog/schemas';
import { describe, expect, test } from 'vitest';
import type { Submission } from './submission.ts';
import { validate } from './validate.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const submission = (more: Partial<Submission>): Submission => ({
  door: 'http',
  tenant: tenantId('acme'),
  verb: 'create',
  vmId: vmId('vm-1'),
  params: {},
  actor: 'token-1',
  requestedAt: NOW.toISOString(),
  identity: { kind: 'key', key: 'order-7' },
  ...more,
});

const hashOf = (more: Partial<Submission>): string => {
  const validated = validate(submission(more));
  if (validated.kind === 'refused') throw new Error(validated.reason);
  return validated.validated.request.bodyHash;
};

describe('the hash of a request', () => {
  test('covers the request as sent: an explicit default is another request than an omitted one', () => {
    expect(hashOf({ params: { start: false } })).not.toBe(hashOf({}));
    expect(hashOf({ params: { spec: {} } })).not.toBe(hashOf({}));
    expect(hashOf({ params: { spec: { cpus: 1, name: 'a' } } })).toBe(
      hashOf({ params: { spec: { name: 'a', cpus: 1 } } }),
    );
  });

  test('depends on the expected revision, and is unchanged without one', () => {
    const boot = { verb: 'boot' } as const;
    expect(new Set([undefined, 3, 4].map((expectedRevision) => hashOf({ ...boot, expectedRevision }))).size).toBe(3);
    // Stored for good: the same request must have the same hash after an upgrade.
    expect(hashOf(boot)).toBe('bc82cb99d47128235d57fdefc4f0da0723699b9d574bad16a900a17a8beea5a9');
  });
});

test('null means no parameters', () => {
  expect(validate(submission({ verb: 'boot', params: null }))).toMatchObject({
    kind: 'refused',
    code: 'invalid-command',
  });
});
