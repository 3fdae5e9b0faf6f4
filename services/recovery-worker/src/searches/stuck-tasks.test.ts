import { newCommandId } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { createVm, requestOf } from '../fixtures/host-1.fixture.ts';
import { bench, someVm } from '../fixtures/unit.fixture.ts';
import { reportStuckTasks } from './stuck-tasks.ts';

const AN_HOUR_MS = 3_600_000;

const stuckBoot = async (aheadMs: number) => {
  const [test, ref] = [await bench(aheadMs), someVm()];
  await createVm(test.host, ref, {}, false);
  const deadline = new Date(Date.now() + 60_000).toISOString();
  const id = newCommandId();
  const data = { request: requestOf('boot'), deadline, epoch: 1 };
  await test.host.append(ref, { name: 'boot-started', data }, { causationid: id, correlationid: id });
  await test.model.catchUp();
  return { test, ref, id };
};

describe('the search for stuck tasks', () => {
  it('records a task past its deadline once, with the required action', async () => {
    const { test, ref, id } = await stuckBoot(AN_HOUR_MS);
    await reportStuckTasks(test);
    // The read model is late: it shows the task as not reported yet.
    await reportStuckTasks(test);
    await test.model.catchUp();
    await reportStuckTasks(test);
    expect(test.names().filter((name) => name === 'stuck')).toHaveLength(1);
    const vm = await test.host.vm(ref);
    expect(vm.task?.commandId).toBe(id);
    expect(vm.attention).toMatchObject({ kind: 'stuck', actionRequired: expect.stringContaining('host-1') });
  });

  it('leaves a task before its deadline', async () => {
    const { test } = await stuckBoot(0);
    await reportStuckTasks(test);
    expect(test.names()).not.toContain('stuck');
  });

  it('trusts the log when the read model is late: the task has ended', async () => {
    const { test, ref } = await stuckBoot(AN_HOUR_MS);
    await test.host.append(ref, { name: 'booted', data: { epoch: 1 } });
    await reportStuckTasks(test);
    expect(test.names()).not.toContain('stuck');
  });

  it('trusts the log when the read model is late: another task has begun, before its deadline', async () => {
    const { test, ref } = await stuckBoot(AN_HOUR_MS);
    await test.host.append(ref, { name: 'booted', data: { epoch: 1 } });
    const deadline = new Date(Date.now() + 2 * AN_HOUR_MS).toISOString();
    const id = newCommandId();
    const data = { request: requestOf('pause'), deadline };
    await test.host.append(ref, { name: 'pause-started', data }, { causationid: id, correlationid: id });
    await reportStuckTasks(test);
    expect(test.names()).not.toContain('stuck');
  });
});
