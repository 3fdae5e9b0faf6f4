// Which VMs stay in memory: this host's own. Another VM stays only while it is in use.
import { createMemoryEventLog, type EventLog } from '@ironlog/event-log';
import { hostId, newCommandId, newVmId, type VmFact } from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { Admission } from '../commands/admission.ts';
import { StateDirectory } from '../host/state-directory.ts';
import { claim, HOST, TENANT, testHost } from '../host.fixture.ts';
import type { HostDeps } from '../host-deps.ts';
import { VmTable } from './vm-table.ts';

const host = testHost();
const OTHER = hostId('host-2');

/** A table on the host's log, and how often each VM's log was read. */
const table = () => {
  const log = createMemoryEventLog({ stream: host.stream });
  let reads = 0;
  const counting: EventLog = {
    ...log,
    readSince: (filter, after) => {
      reads += 1;
      return log.readSince(filter, after);
    },
  };
  const deps: Partial<HostDeps> = {
    host: HOST,
    log: counting,
    runtime: createRuntime('test', { logger: createLogger({ service: 'test', level: 'fatal' }) }),
    state: new StateDirectory(host.root, HOST),
    admission: new Admission({ cpus: 10, memoryMiB: 10_000, processes: 10 }),
    signal: new AbortController().signal,
  };
  return { vms: new VmTable(deps as HostDeps), reads: () => reads };
};

test.each([
  ['nobody knows', undefined],
  ["is another host's", claim(OTHER, false)],
] as [string, VmFact | undefined][])('a VM that %s is dropped after its use', async (_, fact) => {
  const { vms, reads } = table();
  const ref = { tenant: TENANT, vmId: newVmId() };
  if (fact) await host.append(ref.vmId, OTHER, fact);
  const first = await vms.use(ref, async (log) => log);
  const second = await vms.use(ref, async (log) => log);
  expect(second).not.toBe(first);
  expect(reads()).toBe(2);
});

test("concurrent uses of a VM share one instance, and a VM that becomes this host's stays", async () => {
  const { vms, reads } = table();
  const ref = { tenant: TENANT, vmId: newVmId() };
  const claimed = Promise.withResolvers<void>();
  const cause = newCommandId();
  const meta = { actor: 'test', causationid: cause, correlationid: cause };
  const claiming = vms.use(ref, async (log) => {
    await vms.use(ref, async (other) => expect(other).toBe(log));
    await claimed.promise;
    await log.append(() => ({ fact: claim(HOST, false), meta }));
    return log;
  });
  const asking = await vms.use(ref, async (log) => log);
  claimed.resolve();
  expect(await claiming).toBe(asking);
  expect(await vms.get(ref)).toBe(asking);
  expect((await vms.owned()).map(({ vm }) => vm.id)).toEqual([ref.vmId]);
  expect(reads()).toBe(1);
});
