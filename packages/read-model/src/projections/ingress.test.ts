// The quarantine of COMMANDS: messages without a tenant are kept, and shown to roles that may see hosts (I14, P9).
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

/** COMMANDS with an empty message on each of `subjects`. */
const commandsOn = (...subjects: string[]) => {
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

test('a message that names a tenant is not quarantined', () => {
  const commands = commandsOn('ironlog.cmd.acme.vm-1.explode', 'ironlog.cmd.acme.vm-1.boot', 'ironlog.cmd.other');
  expect(foldAndCommit(createIngressProjection(db, commands.info()), commands.entries)).toEqual({
    events: 3,
    quarantined: 0,
  });
});

test('a message that names no tenant is shown only to roles that may see hosts', () => {
  // A VM id that equals a tenant's id does not make it that tenant's message.
  const commands = commandsOn('ironlog.cmd.ACME.acme.boot');
  expect(foldAndCommit(createIngressProjection(db, commands.info()), commands.entries)).toMatchObject({
    quarantined: 1,
  });
  expect(shown(acme)).toEqual([]);
  expect(shown(acme, true)).toEqual([['quarantined-command', 'ironlog.cmd.ACME.acme.boot', null, '1']]);
});

test('a second read from the beginning, as after a lost file or a crash before the commit, makes no duplicate', () => {
  const commands = commandsOn('ironlog.cmd.ACME', 'ironlog.cmd.any.a.b.boot');
  for (let start = 0; start < 2; start += 1)
    foldAndCommit(createIngressProjection(db, commands.info()), commands.entries);
  expect(shown(acme, true)).toHaveLength(2);
});

test('of very many messages the newest thousand are listed, by the index, with a notice that there are more', () => {
  const commands = commandsOn(...Array.from({ length: 1200 }, (_, n) => `ironlog.cmd.ACME.${n}`));
  foldAndCommit(createIngressProjection(db, commands.info()), commands.entries);
  const shownNow = shown(acme, true);
  expect([shownNow.length, shownNow.at(-1)?.[0]]).toEqual([1001, 'list-cut']);
  expect(shownNow[0]).toEqual(['quarantined-command', 'ironlog.cmd.ACME.1199', null, '1200']);
  const plan = db
    .prepare<[null], { detail: string }>(
      'EXPLAIN QUERY PLAN SELECT * FROM quarantine WHERE tenant IS ? ORDER BY at DESC LIMIT 9',
    )
    .all(null);
  expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH quarantine USING INDEX quarantine_of_tenant (tenant=?)']);
});
