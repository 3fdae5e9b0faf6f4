// The fast check accepts only what the schema accepts unchanged, and accepts every envelope in its usual form.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { tenantId, vmId, vmIdSchema } from '../ids/ids.ts';
import { vmEventEnvelopeSchema } from './envelope.ts';
import { type Addressed, isPlainVmEnvelope } from './plain-envelope.ts';

const TYPE = 'ironlog.vm.created.v1';
const ADDRESSED: Addressed = { type: TYPE, tenant: tenantId('acme'), vmId: vmId('vm-1') };
const schema = vmEventEnvelopeSchema.extend({ type: z.literal(TYPE), subject: vmIdSchema, data: z.unknown() });

const WHOLE = {
  specversion: '1.0',
  id: `evt-${'0'.repeat(26)}`,
  source: '/hosts/host-1/vm-executor',
  type: TYPE,
  subject: 'vm-1',
  time: '2026-02-28T23:59:59.999Z',
  datacontenttype: 'application/json',
  actor: 'token-1',
  tenant: 'acme',
  revision: 2,
  causationid: 'cmd-1',
  correlationid: 'cmd-1',
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  prevhash: 'c'.repeat(64),
  data: { epoch: 0 },
};

/** Near misses of every field, and arbitrary values. */
const value = fc.oneof(
  fc.constantFrom<unknown>(
    ...Object.values(WHOLE),
    ...Object.values(WHOLE).map((one) => `${String(one)}\n`),
    ...Object.values(WHOLE).map((one) => String(one).toUpperCase()),
    ...Object.values(WHOLE).map((one) => String(one).slice(0, -1)),
    '2026-02-30T00:00:00.000Z',
    '2026-13-01T00:00:00.000Z',
    '2024-02-29T00:00:00.000Z',
    '2026-04-31T00:00:00.000Z',
    '2026-12-31T00:00:00.000Z',
    '2026-11-30T00:00:00.000Z',
    '2026-01-01T24:00:00.000Z',
    '2026-01-01T00:00:00Z',
    'recovery',
    'any',
    'x'.repeat(64),
    'x'.repeat(201),
    0,
    1,
    1.5,
    2 ** 53,
    null,
    undefined,
  ),
  fc.anything(),
);
const key = fc.oneof(fc.constantFrom(...Object.keys(WHOLE)), fc.constantFrom('name', 'extra', '__proto__', 'toString'));
const changed = fc.array(fc.oneof(fc.tuple(key, value), fc.tuple(key)), { maxLength: 3 }).map((changes) => {
  const fields = new Map<string, unknown>(Object.entries(WHOLE));
  for (const [name, ...rest] of changes) {
    if (rest.length === 0) fields.delete(name);
    else fields.set(name, rest[0]);
  }
  // As JSON.parse makes it: a member called __proto__ is a member.
  const body: object = JSON.parse(
    JSON.stringify(Object.fromEntries([...fields].filter(([name]) => name !== '__proto__'))),
  );
  return body;
});

describe('an envelope that passes the fast check', () => {
  it('is accepted and returned unchanged by the schema', () => {
    let taken = 0;
    fc.assert(
      fc.property(changed, (body) => {
        if (!isPlainVmEnvelope(body, ADDRESSED)) return;
        taken += 1;
        expect(schema.parse(body)).toEqual(body);
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('agrees with its subject', () => {
    expect(isPlainVmEnvelope({ ...WHOLE, tenant: 'other' }, ADDRESSED)).toBe(false);
    expect(isPlainVmEnvelope({ ...WHOLE, subject: 'vm-2' }, ADDRESSED)).toBe(false);
  });

  it('has any date but the 29th of February', () => {
    const day = fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00.000Z'), noInvalidDate: true });
    fc.assert(
      fc.property(day, (date) => {
        const time = date.toISOString();
        expect(isPlainVmEnvelope({ ...WHOLE, time }, ADDRESSED)).toBe(!time.includes('-02-29T'));
      }),
    );
  });

  it.each(['causationid', 'correlationid', 'traceparent', 'prevhash'])('may lack %s', (name) => {
    const { [name as 'prevhash']: _, ...body } = WHOLE;
    expect(isPlainVmEnvelope(body, ADDRESSED)).toBe(true);
  });

  it.each(Object.keys(WHOLE).filter((name) => schema.safeParse({ ...WHOLE, [name]: undefined }).success === false))(
    'must have %s',
    (name) => {
      const body = Object.fromEntries(Object.entries(WHOLE).filter(([key]) => key !== name));
      expect(isPlainVmEnvelope(body, ADDRESSED)).toBe(false);
    },
  );
});
