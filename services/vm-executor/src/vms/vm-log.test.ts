// One VM's log as this host writes it: a concurrent read never overtakes the answer to an own append.
import { createMemoryEventLog } from '@ironlog/event-log';
import { newVmId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { claim, HOST, TENANT } from '../host.fixture.ts';
import { VmLog } from './vm-log.ts';

test("an own event that is stored and not answered yet is not taken for another writer's", async () => {
  const log = createMemoryEventLog();
  const { signal } = new AbortController();
  const answered = Promise.withResolvers<void>();
  const slow: typeof log = {
    ...log,
    append: async (request) => {
      const result = await log.append(request);
      await answered.promise;
      return result;
    },
  };
  const deps = { log: slow, host: HOST, now: () => new Date(), signal, onChange: () => undefined };
  const vm = await VmLog.load(deps, { tenant: TENANT, vmId: newVmId() }, undefined);
  const appended = vm.append(() => ({ fact: claim(HOST, false), meta: { actor: 'test' } }));
  const read = vm.refresh();
  await new Promise(setImmediate);
  answered.resolve();
  expect(await appended).toMatchObject({ kind: 'appended' });
  expect(await read).toMatchObject({ state: 'pending', revision: 1 });
});
