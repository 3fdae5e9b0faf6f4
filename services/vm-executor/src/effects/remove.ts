// delete: removes everything of the VM. Idempotent.
import { hostError, refusal } from '@ironlog/hypervisor';
import { removeVmDirectory } from '../vms/vm-directory.ts';
import { type Effect, failed } from './context.ts';
import { foreignEntriesFound, residueIn } from './residue.ts';

export const remove: Effect = async (context) => {
  const { directory, fail, vm } = context;
  const startedAt = context.now();
  if (!(await context.endProcesses())) {
    const residue = await residueIn(directory);
    return failed(refusal('failed', 'kill', 'the hypervisor process does not die'), [...residue, 'directory']);
  }
  fail('before-remove');
  try {
    const foreignEntries = removeVmDirectory(directory);
    if (foreignEntries.length > 0) return failed(foreignEntriesFound(foreignEntries), ['directory']);
  } catch (error) {
    return failed(hostError('directory', "the VM's directory could not be removed", error), ['directory']);
  }
  fail('after-remove');
  return { kind: 'done', fact: { name: 'deleted', data: { epoch: vm.epoch, tookMs: context.now() - startedAt } } };
};
