// Subjects of VM events are parsed without zod: the result must agree with the ids' schemas.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hostIdSchema, RESERVED_IDS, tenantIdSchema, vmIdSchema } from './ids.ts';
import { parseEventSubject } from './subjects.ts';

const token = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('acme', 'vm-1', 'x'.repeat(63)) },
  fc.constantFrom('-x', 'x-', 'X', '', 'x'.repeat(64), 'a b', 'x\n', '*', '>', ...RESERVED_IDS),
  fc.string({ maxLength: 5 }),
);
const last = fc.constantFrom('fact', 'failure', 'fact', 'failure', 'facts', 'fact\n', '');

it("accepts a VM's subject exactly when each of its ids is valid", () => {
  let taken = 0;
  fc.assert(
    fc.property(token, token, token, last, (tenant, vm, by, cls) => {
      const isWriter = by === 'recovery' || by === 'gateway' || hostIdSchema.safeParse(by).success;
      const isClass = cls === 'fact' || cls === 'failure';
      const isOne = tenantIdSchema.safeParse(tenant).success && vmIdSchema.safeParse(vm).success && isWriter && isClass;
      if (isOne) taken += 1;
      expect(parseEventSubject(`ironlog.evt.vm.${tenant}.${vm}.${by}.${cls}`)).toEqual(
        isOne ? { kind: 'vm', tenant, vmId: vm, writer: by, class: cls } : undefined,
      );
    }),
    { numRuns: 5000 },
  );
  expect(taken).toBeGreaterThan(100);
});
