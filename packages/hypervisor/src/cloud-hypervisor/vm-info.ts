// Reads `vm.info`: only the state, whatever else a version of Cloud Hypervisor adds.
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
  // A debugger holds its CPUs.
  BreakPoint: 'paused',
  Shutdown: 'shutdown',
};

/** 404 is an answer, not an error: the process lives and has no VM defined (the API's description, vm.info). */
export function readVmInfo({ status, text }: RestAnswer): Outcome<{ readonly state: ObservedState }> {
  if (status === 404) return { ok: true, state: 'absent' };
  if (status !== 200) return refusal('failed', 'vm.info', `vm.info: the hypervisor answered ${status}`, text);
  const info = infoSchema.safeParse(parseJson(text));
  if (info.success) return { ok: true, state: OBSERVED[info.data.state] };
  return refusal('bad-answer', 'vm.info', "vm.info: the hypervisor's answer is no VmInfo", text);
}
