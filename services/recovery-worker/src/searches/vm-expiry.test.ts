import { describe, expect, it } from 'vitest';
import { createVm } from '../fixtures/host-1.fixture.ts';
import { bench, someVm } from '../fixtures/unit.fixture.ts';
import { deleteExpiredVms } from './vm-expiry.ts';

const expiring = async (aheadMs: number) => {
  const [test, ref] = [await bench(aheadMs), someVm()];
  await createVm(test.host, ref, { expiresAfterSeconds: 60 }, true);
  await test.model.catchUp();
  return { test, ref };
};

describe('expiry', () => {
  it('deletes a VM past its time to live, with one command', async () => {
    const { test, ref } = await expiring(61_000);
    await deleteExpiredVms(test);
    await deleteExpiredVms(test);
    expect(test.sent).toHaveLength(1);
    expect(test.sent[0]).toMatchObject({
      tenant: ref.tenant,
      subject: ref.vmId,
      actor: 'recovery',
      data: { action: { verb: 'delete', params: { force: true } }, request: { door: 'recovery' } },
    });
  });

  it('leaves a VM within its time to live, and one that is being deleted', async () => {
    const young = await expiring(0);
    await deleteExpiredVms(young.test);
    expect(young.test.sent).toEqual([]);

    const { test, ref } = await expiring(61_000);
    await deleteExpiredVms(test);
    const [command] = test.sent;
    if (!command) throw new Error('no delete was sent');
    await test.host.decide(command);
    test.clock.advance(3_600_000);
    await deleteExpiredVms(test);
    expect((await test.host.vm(ref)).wantedGone).toBe(true);
    expect(test.sent).toHaveLength(1);
  });
});
