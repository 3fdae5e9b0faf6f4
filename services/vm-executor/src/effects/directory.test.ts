// A directory that the host cannot make or remove fails the VM's command, and the reason omits the path.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialVm } from '@ironlog/domain';
import { tenantId, vmId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import type { EffectContext } from './context.ts';
import { create } from './create.ts';
import { remove } from './remove.ts';

/** Longer than any file system allows. */
const directory = join(tmpdir(), 'x'.repeat(300));
const context: Partial<EffectContext> = {
  directory,
  vm: initialVm(tenantId('acme'), vmId('vm-1')),
  fail: () => undefined,
  now: () => 0,
  endProcesses: async () => true,
};

test.each([
  ['made', create],
  ['removed', remove],
] as const)('it cannot be %s', async (done, effect) => {
  const result = await effect(context as EffectContext);
  if (result.kind !== 'failed') throw new Error('it was done');
  const reason = `the VM's directory could not be ${done}: something on the host is in the way`;
  expect(result.refusal).toMatchObject({ stage: 'directory', reason, detail: expect.stringContaining(directory) });
});
