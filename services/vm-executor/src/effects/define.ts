// Defines the VM in its process of an epoch: the first half of a create, a boot and a reboot.
import type { Outcome } from '@ironlog/hypervisor';
import type { LiveProcess } from '../processes/live-processes.ts';
import type { EffectContext } from './context.ts';

/** P6: a driver's create is idempotent. It is skipped only when this executor has done it; a crash may have preceded it. */
export const define = async (
  context: EffectContext,
  epoch: number,
): Promise<Outcome<{ readonly process: LiveProcess }>> => {
  const ensured = await context.ensureProcess(epoch);
  if (!ensured.ok || ensured.process.isDefined) return ensured;
  const { handle, launch } = ensured.process;
  const created = await context.call('create', (deadline) => context.hypervisor.create(handle, launch, deadline));
  if (!created.ok) return created;
  ensured.process.isDefined = true;
  return ensured;
};
