// reboot: ends the old epoch's process and runs one of the new epoch. Resumed after a crash, it does not reboot twice.
import { runAtEpoch } from './boot.ts';
import type { Effect } from './context.ts';
import { removeTracesOf } from './residue.ts';
import { stopGuest } from './stop-guest.ts';

export const reboot: Effect = async (context) => {
  const { directory, vm } = context;
  const startedAt = context.now();
  const intent = vm.task?.intent;
  const graceSeconds = intent?.name === 'reboot-started' && !intent.data.force ? intent.data.timeoutSeconds : 0;
  const live = context.liveProcess();
  if (live && live.launch.epoch !== vm.epoch) {
    const failure = await stopGuest(context, graceSeconds);
    if (failure) return failure;
  }
  const oldEpoch = vm.epoch - 1;
  const forced = !(await context.guestHadStopped(oldEpoch));
  const running = await runAtEpoch(context);
  if (!running.ok) return running.result;
  const data = { epoch: vm.epoch, cause: 'requested' as const, forced, tookMs: context.now() - startedAt };
  return { kind: 'done', fact: { name: 'rebooted', data }, afterwards: () => removeTracesOf(directory, oldEpoch) };
};
