// shutdown: the guest stops by itself where it can, by force where it will not; its process ends either way.
import { refusal } from '@ironlog/hypervisor';
import { type Effect, failed } from './context.ts';
import { removeTraces, residueIn } from './leftovers.ts';
import { stopGuest } from './stop-guest.ts';

export const shutdown: Effect = async (context) => {
  const intent = context.vm.task?.intent;
  const startedAt = context.now();
  const graceMs =
    intent?.name === 'shutdown-started' && intent.data.mode === 'graceful' ? intent.data.timeoutSeconds * 1000 : 0;
  const { forced, ended } = await stopGuest(context, graceMs);
  if (!ended)
    return failed(refusal('failed', 'kill', 'the hypervisor process does not die'), await residueIn(context.directory));
  await removeTraces(context.directory);
  const data = { epoch: context.vm.epoch, cause: 'requested' as const, forced, tookMs: context.now() - startedAt };
  return { kind: 'done', fact: { name: 'stopped', data } };
};
