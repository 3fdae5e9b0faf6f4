// VMs that could not be reconciled are retried independently, until they are or the executor stops.
import { newVmId, tenantId } from '@ironlog/schemas';
import { createLogger, createMetrics, createRuntime } from '@ironlog/service-kit';
import { expect, test, vi } from 'vitest';
import { Superseded } from '../host/incarnation.ts';
import type { VmRef } from '../host/state-directory.ts';
import { UnreconciledVms } from './unreconciled-vms.ts';

const BOUND = { timeout: 10_000 };
const someVm = (): VmRef => ({ tenant: tenantId('acme'), vmId: newVmId() });

const unreconciledWith = (reconcile: (ref: VmRef) => Promise<boolean>) => {
  const logger = createLogger({ service: 'test', level: 'fatal' });
  const metrics = createMetrics({ service: 'test' });
  const stopping = new AbortController();
  const host = { runtime: createRuntime('test', { logger, metrics }), signal: stopping.signal };
  const count = async () => Number(/unsettled_vms\{.*\} (\d+)/.exec(await metrics.text())?.[1]);
  return { unreconciled: new UnreconciledVms({ host, reconcile, everyMs: 1 }), count, stopping };
};

test('one that keeps failing delays no other', async () => {
  const [hopeless, late] = [someVm(), someVm()];
  const tries = new Map<VmRef, number>();
  const { unreconciled, count } = unreconciledWith(async (ref) => {
    tries.set(ref, (tries.get(ref) ?? 0) + 1);
    if (ref === hopeless) throw new Error('no driver');
    return tries.get(ref) === 3;
  });
  for (const ref of [hopeless, late]) unreconciled.add(ref, new Error('no disk'));
  expect(await count()).toBe(2);
  await vi.waitFor(async () => expect(await count()).toBe(1), BOUND);
  const before = tries.get(hopeless) ?? 0;
  await vi.waitFor(() => expect(tries.get(hopeless)).toBeGreaterThan(before + 3), BOUND);
  expect(tries.get(late)).toBe(3);
  await unreconciled.stop();
});

test('a stop waits for the current round, and no round follows', async () => {
  const gate = Promise.withResolvers<boolean>();
  let tries = 0;
  const { unreconciled, stopping } = unreconciledWith(() => {
    tries += 1;
    return gate.promise;
  });
  unreconciled.add(someVm(), new Error('no disk'));
  await vi.waitFor(() => expect(tries).toBe(1), BOUND);
  stopping.abort();
  let stopped = false;
  const stop = unreconciled.stop().then(() => {
    stopped = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(stopped).toBe(false);
  gate.resolve(false);
  await stop;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(tries).toBe(1);
});

test('an error that concerns all VMs is thrown, and nothing is retried for it', async () => {
  const { unreconciled, count } = unreconciledWith(async () => true);
  expect(() => unreconciled.add(someVm(), new Superseded('another has taken over'))).toThrow(Superseded);
  expect(await count()).toBe(0);
  await unreconciled.stop();
});
