// The calls of Cloud Hypervisor's API as "ensure" steps: act, and when refused look whether it is so already (P6).
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { deadlineRefusal, type Outcome, refusal } from '../outcome.ts';
import { pause } from '../pause.ts';
import type { ObservedState } from '../port.ts';
import { exitedUnanswered } from '../process/exit/exit-status.ts';
import { isAlive } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';
import type { RestAnswer } from '../rest/client.ts';
import { parseJson } from '../rest/json.ts';
import { accepted, callApi } from './client.ts';
import { readVmInfo } from './vm-info.ts';

export interface Step {
  readonly name: string;
  /** The states in which there is nothing left to do. */
  readonly wanted: readonly ObservedState[];
  /** The states from which it may succeed: a refusal in any other will not change by trying again. */
  readonly from: readonly ObservedState[];
  readonly body?: object;
}

const PING_POLL_MS = 5;
const PING_WITHIN_MS = 1000;
const pingSchema = z.object({ pid: z.int().optional() });

export async function put(
  handle: ProcessHandle,
  step: Pick<Step, 'name' | 'body'>,
  deadline: AbortSignal,
): Promise<Outcome> {
  const called = await callApi({ socketPath: handle.socketPath, method: 'PUT', deadline, ...step });
  return called.ok ? accepted(step.name, called) : called;
}

export async function readState(
  handle: ProcessHandle,
  deadline: AbortSignal,
): Promise<Outcome<{ readonly state: ObservedState }>> {
  const info = await callApi({ socketPath: handle.socketPath, method: 'GET', name: 'vm.info', deadline });
  return info.ok ? readVmInfo(info) : info;
}

/** Acts first, for that is one round trip when all is well; a refusal in a state that is wanted anyway is success. */
export async function ensure(handle: ProcessHandle, step: Step, deadline: AbortSignal): Promise<Outcome> {
  const called = await put(handle, step, deadline);
  if (called.ok || (called.code !== 'refused' && called.code !== 'failed')) return called;
  const now = await readState(handle, deadline);
  if (!now.ok) return called;
  if (step.wanted.includes(now.state)) return { ok: true };
  // The simulator says by its status that the state forbids it, Cloud Hypervisor answers 500 to that as to a failure.
  const code = step.from.includes(now.state) ? called.code : 'refused';
  return refusal(code, step.name, `${called.reason}; the VM is ${now.state}`, called.detail);
}

/** Until the process answers a ping as itself; a process that died is not waited for. */
export async function answering(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome> {
  for (;;) {
    const ping = await pingOnce(handle, deadline);
    if (ping.ok) return pinged(handle, ping.status, ping.text);
    if (deadline.aborted) return deadlineRefusal(deadline, 'vmm.ping');
    if (ping.code === 'bad-answer') return ping;
    if (!(await isAlive(handle.identity))) return exitedUnanswered('vmm.ping', handle);
    await pause(PING_POLL_MS, deadline);
  }
}

/** While it is starting there is no socket yet: looking for the file is a hundred times cheaper than being refused. */
async function pingOnce({ socketPath }: ProcessHandle, deadline: AbortSignal): Promise<Outcome<RestAnswer>> {
  if (!existsSync(socketPath)) return refusal('unreachable', 'vmm.ping', 'vmm.ping: it has no socket yet', socketPath);
  const within = AbortSignal.any([deadline, AbortSignal.timeout(PING_WITHIN_MS)]);
  return callApi({ socketPath, method: 'GET', name: 'vmm.ping', deadline: within });
}

/** A socket that answers is not yet our process: the ping carries a pid. */
function pinged(handle: ProcessHandle, status: number, text: string): Outcome {
  const body = pingSchema.safeParse(parseJson(text));
  if (status !== 200 || !body.success)
    return refusal('bad-answer', 'vmm.ping', `vmm.ping: the hypervisor's answer (${status}) is no ping's`, text);
  const { pid } = body.data;
  if (pid === undefined || pid === handle.identity.pid) return { ok: true };
  const detail = `process ${pid} answers on ${handle.socketPath}, not ${handle.identity.pid}`;
  return refusal('refused', 'vmm.ping', "vmm.ping: another process answers on the VM's socket", detail);
}
