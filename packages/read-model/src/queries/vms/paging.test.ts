// A list that changes while it is paged: VMs are asked for, claimed, cancelled and deleted between any two pages.
import { tenantId, vmId } from '@ironlog/schemas';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openWriter } from '../../database.ts';
import { type TestVm, testLog } from '../../lifecycle.fixture.ts';
import { createPendingProjection } from '../../projections/pending.ts';
import { foldAndCommit } from '../../projections/projection.ts';
import { createStateProjection } from '../../projections/state.ts';
import { modelOf } from '../../read-model.fixture.ts';
import { STATE_TABLES } from '../../tables.ts';
import { type Asked, commandOf, workEntry } from '../../work.fixture.ts';

const acme = tenantId('acme');
const SPEC = { name: 'web', labels: { tier: 'web' } };

/** A read model that goes on: each act is folded at once. */
const changing = () => {
  const log = testLog();
  const model = modelOf(log);
  const db = openWriter(model.stateFile, STATE_TABLES);
  const state = createStateProjection(db, log.info());
  const pending = createPendingProjection(db, log.info());
  const claimed = new Map<string, TestVm>();
  const waiting = new Map<string, string>();
  let commands = 0;
  const ask = (id: string): void => {
    commands += 1;
    const command = `cmd-ask-${commands}`;
    const asked: Asked = {
      tenant: acme,
      vm: vmId(id),
      verb: 'create',
      params: { spec: SPEC },
      id: command,
      second: commands,
    };
    foldAndCommit(pending, [workEntry(commands, asked, commandOf(asked))]);
    waiting.set(id, command);
  };
  const onRecord = (vm: TestVm, act: (vm: TestVm) => void): void => {
    act(vm);
    foldAndCommit(state, log.entries.slice(state.checkpoint().sequence));
  };
  const gone = new Set<string>();
  return {
    reader: model.reader,
    /** Whatever can be done next with the VM of that id. */
    act: (id: string, remove: boolean): void => {
      if (gone.has(id)) return;
      const vm = claimed.get(id);
      const command = waiting.get(id);
      if (vm && remove) {
        onRecord(vm, (one) => one.append('created', 'delete', 'deleted'));
        gone.add(id);
      } else if (command !== undefined && !vm) {
        const fresh = log.vm(acme, vmId(id));
        onRecord(fresh, (one) => (remove ? one.cancel(command) : one.claim(SPEC)));
        if (remove) gone.add(id);
        else claimed.set(id, fresh);
      } else if (!vm) ask(id);
    },
    alive: (): string[] => [...waiting.keys()].filter((id) => !gone.has(id)),
    close: () => {
      db.close();
      model.remove();
    },
  };
};

const ID = fc.constantFrom(...Array.from({ length: 12 }, (_, n) => `vm-${'abcdefghijkl'[n]}`));
const ACT = fc.record({ id: ID, remove: fc.boolean() });
const FILTER = fc.constantFrom({}, { q: 'WEB' }, { labels: { tier: 'web' } }, { includeDeleted: true });

test('a VM that exists all along is listed exactly once, whatever is claimed and deleted between two pages', () => {
  fc.assert(
    fc.property(
      fc.array(ACT, { maxLength: 24 }),
      fc.array(fc.array(ACT, { maxLength: 4 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      FILTER,
      (before, between, limit, filter) => {
        const { reader, act, alive, close } = changing();
        try {
          for (const { id, remove } of before) act(id, remove);
          const atFirst = alive();
          const seen: string[] = [];
          for (let cursor: string | null | undefined, turn = 0; cursor !== null; turn += 1) {
            const page = reader.vms(acme, { includeDeleted: false, ...filter, limit, cursor });
            if (!page) throw new Error(`${cursor} is refused`);
            expect(page.items.length).toBeLessThanOrEqual(limit);
            seen.push(...page.items.map(({ id }) => id));
            cursor = page.nextCursor;
            for (const { id, remove } of between[turn] ?? []) act(id, remove);
          }
          const throughout = atFirst.filter((id) => alive().includes(id));
          expect(seen.filter((id) => throughout.includes(id)).toSorted()).toEqual(throughout.toSorted());
          expect(new Set(seen).size).toBe(seen.length);
        } finally {
          close();
        }
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);

test('a cursor of a release that paged by sequence is refused, and so is one of another list', () => {
  const { reader, act, close } = changing();
  try {
    for (const id of ['vm-a', 'vm-b']) act(id, false);
    const cursorOf = (text: string): string => Buffer.from(text).toString('base64url');
    const page = (cursor: string) => reader.vms(acme, { includeDeleted: false, limit: 1, cursor });
    for (const text of [
      'vms:0::2',
      'vms:12:vm-a:0',
      'operations:0::1',
      'usage:after:vm-a',
      'vms:after:',
      'vms:after:A',
    ])
      expect([text, page(cursorOf(text))]).toEqual([text, undefined]);
    expect(page(cursorOf('vms:after:vm-a'))?.items.map(({ id }) => id)).toEqual(['vm-b']);
  } finally {
    close();
  }
});
