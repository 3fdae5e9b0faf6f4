// The door's quarantine: who is told of a message that is no command, and that nobody else is (I14, P9).
import { tenantId } from '@ironlog/schemas';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Db, openWriter } from '../database.ts';
import { testLog } from '../lifecycle.fixture.ts';
import { modelOf, type TestModel } from '../read-model.fixture.ts';
import { STATE_TABLES } from '../tables.ts';
import { createIngressProjection } from './ingress.ts';
import { foldAndCommit } from './projection.ts';

const acme = tenantId('acme');
let model: TestModel;
let db: Db;
beforeEach(() => {
  model = modelOf(testLog());
  db = openWriter(model.stateFile, STATE_TABLES);
});
afterEach(() => {
  db.close();
  model.remove();
});

/** COMMANDS, with an empty message on each of `subjects`. */
const door = (...subjects: string[]) => {
  const commands = testLog();
  for (const subject of subjects) commands.store(subject, new Uint8Array());
  return commands;
};
const shown = (tenant = acme, hosts = false) =>
  model.reader
    .attention(tenant, { hosts })
    .map(({ kind, reason, tenant: whose, actionRequired }) => [
      kind,
      /"([^"]*)"/.exec(reason)?.[1],
      whose,
      /sequence (\d+) of COMMANDS/.exec(actionRequired)?.[1],
    ]);

test('what is no command is shown to the tenant on whose subject it lies, and a command is none of it', () => {
  const commands = door('ironlog.cmd.acme.vm-1.explode', 'ironlog.cmd.acme.vm-1.boot', 'ironlog.cmd.other');
  expect(foldAndCommit(createIngressProjection(db, commands.info()), commands.entries)).toEqual({
    events: 3,
    quarantined: 2,
  });
  expect(shown()).toEqual([['quarantined-command', 'ironlog.cmd.acme.vm-1.explode', 'acme', '1']]);
  expect(shown(tenantId('other'))).toEqual([['quarantined-command', 'ironlog.cmd.other', 'other', '3']]);
  // A VM that is called as a tenant is does not make it that tenant's.
  expect(shown(tenantId('vm-1'), true)).toEqual([]);
});

test("what lies on no tenant's subject is shown to those who see the hosts", () => {
  const commands = door('ironlog.cmd.ACME.vm-1.boot');
  foldAndCommit(createIngressProjection(db, commands.info()), commands.entries);
  expect(shown()).toEqual([]);
  expect(shown(acme, true)).toEqual([['quarantined-command', 'ironlog.cmd.ACME.vm-1.boot', null, '1']]);
});

test('read again from the beginning, as after a lost file or a crash before the commit, it is there once', () => {
  const commands = door('ironlog.cmd.acme', 'ironlog.cmd.acme.a.b.boot');
  for (let start = 0; start < 2; start += 1)
    foldAndCommit(createIngressProjection(db, commands.info()), commands.entries);
  expect(shown()).toHaveLength(2);
});

test('a flood is told by its newest thousand, found by the index, and that there are more', () => {
  const commands = door(...Array.from({ length: 1200 }, (_, n) => `ironlog.cmd.acme.${n}`));
  foldAndCommit(createIngressProjection(db, commands.info()), commands.entries);
  const shownNow = shown();
  expect([shownNow.length, shownNow.at(-1)?.[0]]).toEqual([1001, 'list-cut']);
  expect(shownNow[0]).toEqual(['quarantined-command', 'ironlog.cmd.acme.1199', 'acme', '1200']);
  const plan = db
    .prepare<[string], { detail: string }>(
      'EXPLAIN QUERY PLAN SELECT * FROM quarantine WHERE tenant IS ? ORDER BY at DESC LIMIT 9',
    )
    .all('acme');
  expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH quarantine USING INDEX quarantine_of_tenant (tenant=?)']);
});
