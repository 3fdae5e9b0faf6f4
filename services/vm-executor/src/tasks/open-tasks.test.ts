// Open tasks: however often a VM's task is resumed, one run is active and at most one waits.
import { initialVm } from '@ironlog/domain';
import { newVmId } from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { TENANT } from '../host.fixture.ts';
import { Mailboxes } from '../vms/mailbox.ts';
import type { VmLog } from '../vms/vm-log.ts';
import { keyOf } from '../vms/vm-table.ts';
import { OpenTasks } from './open-tasks.ts';

const runtime = createRuntime('test', { logger: createLogger({ service: 'test', level: 'fatal' }) });
const host = { runtime, signal: new AbortController().signal };
const log = { vm: initialVm(TENANT, newVmId()) } as VmLog;

test('a command that is redelivered repeatedly while its task runs makes no queue', async () => {
  const mailboxes = new Mailboxes();
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const run = (): Promise<void> => {
    runs += 1;
    return gate.promise;
  };
  const runner = { preempt: () => undefined, run };
  const reconcile = () => Promise.reject(new Error('not expected: it has its process'));
  const tasks = new OpenTasks({ host, mailboxes, runner, lacksProcess: () => false, reconcile });
  tasks.resume(log);
  await new Promise(setImmediate);
  for (let n = 0; n < 100; n += 1) tasks.resume(log);
  expect(mailboxes.depth).toBe(2);
  gate.resolve();
  await mailboxes.idle();
  expect(runs).toBe(2);
});

test('a task that leaves its VM without its process is followed by a reconciliation, after a waiting death', async () => {
  const mailboxes = new Mailboxes();
  const story: string[] = [];
  const note = (what: string) => async (): Promise<void> => void story.push(what);
  const runner = { preempt: () => undefined, run: note('task') };
  let lacks = true;
  const tasks = new OpenTasks({ host, mailboxes, runner, lacksProcess: () => lacks, reconcile: note('reconcile') });
  tasks.resume(log);
  void mailboxes.run(keyOf({ tenant: log.vm.tenant, vmId: log.vm.id }), note('death'));
  await mailboxes.idle();
  lacks = false;
  tasks.resume(log);
  await mailboxes.idle();
  expect(story).toEqual(['task', 'death', 'reconcile', 'task']);
});
