// The verbs that are one call to the VM's process: pause and resume.
import { type Hypervisor, refusal } from '@ironlog/hypervisor';
import type { VmFact } from '@ironlog/schemas';
import { type Effect, failed } from './context.ts';

const oneCall =
  (verb: 'pause' | 'resume', fact: 'paused' | 'resumed'): Effect =>
  async (context) => {
    const startedAt = context.now();
    const live = context.liveProcess();
    if (!live) return failed(refusal('unreachable', verb, 'the hypervisor process is gone'));
    const act: Hypervisor['pause'] = context.hypervisor[verb];
    const called = await context.call(verb, (deadline) => act(live.handle, deadline));
    if (!called.ok) return failed(called);
    const data = { epoch: context.vm.epoch, tookMs: context.now() - startedAt };
    return { kind: 'done', fact: { name: fact, data } satisfies VmFact };
  };

export const pause = oneCall('pause', 'paused');
export const resume = oneCall('resume', 'resumed');
