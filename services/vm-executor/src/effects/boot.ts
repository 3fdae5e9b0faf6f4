// boot: runs the VM at its new epoch, in a process of that epoch.
import type { Refusal } from '@ironlog/hypervisor';
import type { LiveProcess } from '../processes/live-processes.ts';
import { type Effect, type EffectContext, type EffectResult, failed } from './context.ts';
import { define } from './define.ts';
import { clearUp } from './residue.ts';

type Running =
  | { readonly ok: true; readonly process: LiveProcess }
  | { readonly ok: false; readonly result: EffectResult };

/** Also the second half of a reboot. */
export const runAtEpoch = async (context: EffectContext): Promise<Running> => {
  const { hypervisor, vm } = context;
  const giveUp = async (refusal: Refusal): Promise<Running> => ({
    ok: false,
    result: failed(refusal, await clearUp(context)),
  });
  const defined = await define(context, vm.epoch);
  if (!defined.ok) return giveUp(defined);
  const { handle } = defined.process;
  const booted = await context.call('boot', (deadline) => hypervisor.boot(handle, deadline));
  return booted.ok ? defined : giveUp(booted);
};

export const boot: Effect = async (context) => {
  const startedAt = context.now();
  const running = await runAtEpoch(context);
  if (!running.ok) return running.result;
  const { pid } = running.process.handle.identity;
  return {
    kind: 'done',
    fact: { name: 'booted', data: { epoch: context.vm.epoch, tookMs: context.now() - startedAt, pid } },
  };
};
