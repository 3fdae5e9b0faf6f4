// reboot: the process of the old epoch ends, one of the new epoch runs. Resumed after a crash, it does not reboot twice.
import { refusal } from '@ironlog/hypervisor';
import { runAtEpoch } from './boot.ts';
import { type Effect, failed } from './context.ts';
import { residueIn } from './leftovers.ts';
import { stopGuest } from './stop-guest.ts';

export const reboot: Effect = async (context) => {
  const { vm } = context;
  const startedAt = context.now();
  const intent = vm.task?.intent;
  const graceMs = intent?.name === 'reboot-started' && !intent.data.force ? intent.data.timeoutSeconds * 1000 : 0;
  const live = context.liveProcess();
  let forced = false;
  if (live && live.launch.epoch !== vm.epoch) {
    const stop = await stopGuest(context, graceMs);
    if (!stop.ended)
      return failed(
        refusal('failed', 'kill', 'the old hypervisor process does not die'),
        await residueIn(context.directory),
      );
    forced = stop.forced;
  }
  const running = await runAtEpoch(context);
  if (!running.ok) return running.result;
  const data = { epoch: vm.epoch, cause: 'requested' as const, forced, tookMs: context.now() - startedAt };
  return { kind: 'done', fact: { name: 'rebooted', data } };
};
