// cleanup: removes the failed VM's process and socket and keeps its directory. Idempotent.
import { refusal } from '@ironlog/hypervisor';
import { type Effect, failed } from './context.ts';
import { removeTraces, residueIn } from './residue.ts';

export const cleanup: Effect = async (context) => {
  const { directory, fail, vm } = context;
  const startedAt = context.now();
  const before = await residueIn(directory);
  if (!(await context.endProcesses())) {
    return failed(refusal('failed', 'kill', 'the hypervisor process does not die'), await residueIn(directory));
  }
  fail('before-remove');
  await removeTraces(directory);
  fail('after-remove');
  const left = await residueIn(directory);
  if (left.length > 0) return failed(refusal('failed', 'verify', `still there: ${left.join(', ')}`), left);
  return {
    kind: 'done',
    fact: { name: 'cleaned', data: { epoch: vm.epoch, removed: before, tookMs: context.now() - startedAt } },
  };
};
