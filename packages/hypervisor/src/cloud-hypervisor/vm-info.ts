// Reads the state from `vm.info`; fields of newer versions are ignored.
import { z } from 'zod';
import { type Outcome, refusal } from '../outcome.ts';
import type { ObservedState } from '../port.ts';
import type { RestAnswer } from '../rest/client.ts';
import { parseJson } from '../rest/json.ts';

const infoSchema = z.object({ state: z.enum(['Created', 'Running', 'Shutdown', 'Paused', 'BreakPoint']) });

const OBSERVED: Readonly<Record<z.infer<typeof infoSchema>['state'], ObservedState>> = {
  Created: 'created',
  Running: 'running',
  Paused: 'paused',
  // Stopped by a debugger.
  BreakPoint: 'paused',
  Shutdown: 'shutdown',
};

/** 404 is no error: the process is alive and has no VM defined (API description, vm.info). */
export function readVmInfo({ status, text }: RestAnswer): Outcome<{ readonly state: ObservedState }> {
  if (status === 404) return { ok: true, state: 'absent' };
  if (status !== 200) return refusal('failed', 'vm.info', `vm.info: the hypervisor answered ${status}`, text);
  const info = infoSchema.safeParse(parseJson(text));
  if (info.success) return { ok: true, state: OBSERVED[info.data.state] };
  return refusal('bad-answer', 'vm.info', "vm.info: the hypervisor's answer is no VmInfo", text);
}
