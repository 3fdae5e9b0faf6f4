// Every verb's effect. Each is idempotent: run again after a crash, it does only what is not done yet.
import { refusal } from '@ironlog/hypervisor';
import type { Verb } from '@ironlog/schemas';
import { boot } from './boot.ts';
import { cleanup } from './cleanup.ts';
import { type Effect, failed } from './context.ts';
import { create } from './create.ts';
import { pause, resume } from './one-call.ts';
import { reboot } from './reboot.ts';
import { remove } from './remove.ts';
import { shutdown } from './shutdown.ts';

/** No driver supports these verbs, so `decide` rejects them. A log of another executor may hold such a task. */
const unsupported =
  (verb: Verb): Effect =>
  async () =>
    failed(refusal('unsupported', verb, `this executor cannot ${verb}`));

export const EFFECTS: Readonly<Record<Verb, Effect>> = {
  create,
  boot,
  shutdown,
  pause,
  resume,
  reboot,
  delete: remove,
  cleanup,
  snapshot: unsupported('snapshot'),
  restore: unsupported('restore'),
};
export type { EffectContext, EffectResult } from './context.ts';
export { removeTraces, removeTracesOf } from './residue.ts';
export { retryEffect } from './retry-effect.ts';
