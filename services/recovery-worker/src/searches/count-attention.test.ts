import { newCommandId } from '@ironlog/schemas';
import { expect, it } from 'vitest';
import { createVm, requestOf } from '../fixtures/host-1.fixture.ts';
import { type Bench, bench, someVm } from '../fixtures/unit.fixture.ts';
import { countAttention } from './count-attention.ts';
import { reportStuckTasks } from './stuck-tasks.ts';

const AN_HOUR_MS = 3_600_000;

const counted = async (test: Bench): Promise<(string | undefined)[]> => {
  await test.model.catchUp();
  await countAttention(test);
  const text = await test.metrics.text();
  return ['vm', 'host', 'quarantined'].map(
    (kind) => new RegExp(`^ironlog_attention_items\\{.*kind="${kind}".*\\} (\\d+)$`, 'm').exec(text)?.[1],
  );
};

it('counts the VMs, hosts and messages that need an operator, down to zero', async () => {
  const [test, ref] = [await bench(AN_HOUR_MS), someVm()];
  expect(await counted(test)).toEqual(['0', '0', '0']);
  await createVm(test.host, ref, {}, false);
  const data = { request: requestOf('boot'), deadline: new Date().toISOString(), epoch: 1 };
  const id = newCommandId();
  await test.host.append(ref, { name: 'boot-started', data }, { causationid: id, correlationid: id });
  await test.model.catchUp();
  await reportStuckTasks(test);
  expect(await counted(test)).toEqual(['1', '0', '0']);
  await test.host.append(ref, { name: 'booted', data: { epoch: 1 } });
  expect(await counted(test)).toEqual(['0', '0', '0']);
});
