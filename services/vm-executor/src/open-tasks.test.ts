// Open tasks: however often a VM's task is asked to go on, one run is in hand and one waits.
import { initialVm } from '@ironlog/domain';
import { newVmId } from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { TENANT } from './host.fixture.ts';
import { Mailboxes } from './mailbox.ts';
import { OpenTasks } from './open-tasks.ts';
import type { VmLog } from './vm-log.ts';

test('a command that is delivered again and again while its task runs makes no queue', async () => {
  const runtime = createRuntime('test', { logger: createLogger({ service: 'test', level: 'fatal' }) });
  const mailboxes = new Mailboxes();
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const runner = {
    preempt: () => undefined,
    run: () => {
      runs += 1;
      return gate.promise;
    },
  };
  const tasks = new OpenTasks({ host: { runtime, signal: new AbortController().signal }, mailboxes, runner });
  const log = { vm: initialVm(TENANT, newVmId()) } as VmLog;
  tasks.goOn(log);
  await new Promise(setImmediate);
  for (let n = 0; n < 100; n += 1) tasks.goOn(log);
  expect(mailboxes.depth).toBe(2);
  gate.resolve();
  await mailboxes.idle();
  expect(runs).toBe(2);
});
