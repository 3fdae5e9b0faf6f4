// create: makes a directory and a hypervisor process for the first epoch, and defines the VM in it, not yet running.
import { chmodSync, mkdirSync } from 'node:fs';
import { hostError } from '@ironlog/hypervisor';
import { foreignEntriesIn } from '../vms/vm-directory.ts';
import { type Effect, failed } from './context.ts';
import { define } from './define.ts';
import { clearUp, foreignEntriesFound } from './residue.ts';

/** The first boot runs in the process made at create. */
export const FIRST_EPOCH = 1;

export const create: Effect = async (context) => {
  const { directory, fail, now } = context;
  const startedAt = now();
  fail('before-directory');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const foreignEntries = foreignEntriesIn(directory);
    if (foreignEntries.length > 0) return failed(foreignEntriesFound(foreignEntries));
    chmodSync(directory, 0o700);
  } catch (error) {
    return failed(hostError('directory', "the VM's directory could not be made", error));
  }
  fail('after-directory');
  const defined = await define(context, FIRST_EPOCH);
  if (!defined.ok) return failed(defined, await clearUp(context));
  return { kind: 'done', fact: { name: 'created', data: { epoch: context.vm.epoch, tookMs: now() - startedAt } } };
};
