// create: a directory, a hypervisor process for the first epoch, and the VM defined in it, not yet running.
import { chmodSync, mkdirSync } from 'node:fs';
import { hostError } from '@ironlog/hypervisor';
import { foreignEntriesIn } from '../vms/vm-directory.ts';
import { type Effect, failed } from './context.ts';
import { define } from './define.ts';
import { clearUp, notOurs } from './residue.ts';

/** The process made at create is the one that the first boot runs in. */
export const FIRST_EPOCH = 1;

export const create: Effect = async (context) => {
  const { directory, fail, now } = context;
  const startedAt = now();
  fail('before-directory');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const foreignEntries = foreignEntriesIn(directory);
    if (foreignEntries.length > 0) return failed(notOurs(foreignEntries));
    chmodSync(directory, 0o700);
  } catch (error) {
    return failed(hostError('directory', "the VM's directory could not be made", error));
  }
  fail('after-directory');
  const defined = await define(context, FIRST_EPOCH);
  if (!defined.ok) return failed(defined, await clearUp(context));
  return { kind: 'done', fact: { name: 'created', data: { epoch: context.vm.epoch, tookMs: now() - startedAt } } };
};
