import { tenantId, vmId, vmSpecSchema } from '@ironlog/schemas';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWriter } from '../../database.ts';
import { testLog } from '../../lifecycle.fixture.ts';
import { createPendingProjection } from '../../projections/pending.ts';
import { foldAndCommit } from '../../projections/projection.ts';
import { modelOf, type TestModel } from '../../read-model.fixture.ts';
import { STATE_TABLES } from '../../tables.ts';
import { type Asked, commandOf, workEntry } from '../../work.fixture.ts';

const acme = tenantId('acme');
const NAMES = ['Überall', 'ÉCLAIR', 'Привет МИР', 'ΣΊΣΥΦΟΣ', 'İstanbul', 'straße', 'plain Name', '日本'];
let model: TestModel;

/** Each name twice: of a claimed VM, and of a pending one. */
beforeAll(() => {
  const log = testLog();
  NAMES.forEach((name, index) => {
    log.vm(acme, vmId(`here-${index}`)).claim({ name });
  });
  model = modelOf(log);
  const db = openWriter(model.stateFile, STATE_TABLES);
  const entries = NAMES.map((name, index) => {
    const params = { spec: vmSpecSchema.parse({ name }) };
    const asked: Asked = {
      tenant: acme,
      vm: vmId(`to-come-${index}`),
      verb: 'create',
      params,
      id: `cmd-to-come-${index}`,
      second: index,
    };
    return workEntry(index + 1, asked, commandOf(asked));
  });
  foldAndCommit(createPendingProjection(db, log.info()), entries);
  db.close();
});
afterAll(() => model.remove());

/** The names found among the claimed VMs, and among the pending ones. */
const found = (q: string): readonly [here: string[], toCome: string[]] => {
  const items = model.reader.vms(acme, { includeDeleted: false, limit: 100, q })?.items ?? [];
  const named = (prefix: string) => items.filter(({ id }) => id.startsWith(prefix)).map(({ name }) => name);
  return [named('here'), named('to-come')];
};

test.each([
  ['über', 'Überall'],
  ['ÜBER', 'Überall'],
  ['éclair', 'ÉCLAIR'],
  ['мир', 'Привет МИР'],
  ['σίσυ', 'ΣΊΣΥΦΟΣ'],
  ['STRASSE', undefined],
  ['NAME', 'plain Name'],
  ['日', '日本'],
])('%s finds %s, whether the VM is claimed or not', (q, name) => {
  const names = name === undefined ? [] : [name];
  expect(found(q)).toEqual([names, names]);
});

test('both are found by the same rule, for any search text', () => {
  const part = fc
    .tuple(fc.constantFrom(...NAMES), fc.nat(12), fc.nat(12), fc.constantFrom('as-is', 'lower', 'upper'))
    .map(([name, from, length, how]) => {
      const text = name.slice(from, from + length);
      return how === 'lower' ? text.toLowerCase() : how === 'upper' ? text.toUpperCase() : text;
    });
  fc.assert(
    fc.property(fc.oneof(part, fc.string({ unit: 'binary', maxLength: 5 })), (q) => {
      // Ids contain none of these letters, only a to z.
      fc.pre(!/^[a-z0-9-]+$/i.test(q));
      const [here, toCome] = found(q);
      expect(here).toEqual(toCome);
    }),
    { numRuns: 500 },
  );
});
