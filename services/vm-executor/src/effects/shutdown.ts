// shutdown: stops the guest gracefully, by force after its grace; its process ends in either case.
import type { Effect } from './context.ts';
import { removeTraces } from './residue.ts';
import { stopGuest } from './stop-guest.ts';

export const shutdown: Effect = async (context) => {
  const { directory, vm } = context;
  const intent = vm.task?.intent;
  const startedAt = context.now();
  const isGraceful = intent?.name === 'shutdown-started' && intent.data.mode === 'graceful';
  const failure = await stopGuest(context, isGraceful ? intent.data.timeoutSeconds : 0);
  if (failure) return failure;
  const forced = !(await context.guestHadStopped(vm.epoch));
  const data = { epoch: vm.epoch, cause: 'requested' as const, forced, tookMs: context.now() - startedAt };
  return { kind: 'done', fact: { name: 'stopped', data }, afterwards: () => removeTraces(directory) };
};
