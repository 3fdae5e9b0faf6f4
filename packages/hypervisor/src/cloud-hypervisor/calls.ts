// The calls of Cloud Hypervisor's API as "ensure" steps: act, and when refused look whether it is so already (P6).
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { deadlineRefusal, type Outcome, refusal } from '../outcome.ts';
import { pause } from '../pause.ts';
import type { ObservedState } from '../port.ts';
import { exitedUnanswered } from '../process/exit/exit-status.ts';
import { isAlive } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';
import type { TraceCall } from '../trace-call.ts';
import { type ApiAnswer, type ApiCall, callApi, pathOf } from './client.ts';
import { parseJson, readVmInfo } from './vm-info.ts';

export interface Step {
  readonly name: string;
  /** The states in which there is nothing left to do. */
  readonly wanted: readonly ObservedState[];
  readonly body?: object;
}

const PING_POLL_MS = 5;
const PING_WITHIN_MS = 1000;
const pingSchema = z.object({ pid: z.int().optional() });

const callTraced = (trace: TraceCall, call: ApiCall): Promise<Outcome<ApiAnswer>> => {
  const { method, name, socketPath } = call;
  return trace({ method: name, socketPath, http: { method, path: pathOf(call) } }, () => callApi(call));
};

/** One PUT; ok on 200 and 204. 404 and 405 are the states' refusals (the API's description), 4xx never helps to repeat. */
export async function put(
  trace: TraceCall,
  handle: ProcessHandle,
  { name, body }: Pick<Step, 'name' | 'body'>,
  deadline: AbortSignal,
): Promise<Outcome> {
  const { socketPath } = handle;
  const called = await callTraced(trace, { socketPath, method: 'PUT', name, deadline, ...(body && { body }) });
  if (!called.ok) return called;
  if (called.status === 200 || called.status === 204) return { ok: true };
  const code = called.status >= 400 && called.status < 500 ? 'refused' : called.status >= 500 ? 'failed' : 'bad-answer';
  return refusal(code, name, `${name}: the hypervisor answered ${called.status}`, called.text);
}

export async function readState(
  trace: TraceCall,
  handle: ProcessHandle,
  deadline: AbortSignal,
): Promise<Outcome<{ readonly state: ObservedState }>> {
  const { socketPath } = handle;
  const info = await callTraced(trace, { socketPath, method: 'GET', name: 'vm.info', deadline });
  return info.ok ? readVmInfo(info) : info;
}

/** Acts first, for that is one round trip when all is well; a refusal in a state that is wanted anyway is success. */
export async function ensure(
  trace: TraceCall,
  handle: ProcessHandle,
  step: Step,
  deadline: AbortSignal,
): Promise<Outcome> {
  const called = await put(trace, handle, step, deadline);
  if (called.ok || (called.code !== 'refused' && called.code !== 'failed')) return called;
  const now = await readState(trace, handle, deadline);
  if (!now.ok) return called;
  if (step.wanted.includes(now.state)) return { ok: true };
  return { ...called, reason: `${called.reason}; the VM is ${now.state}` };
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
async function pingOnce({ socketPath }: ProcessHandle, deadline: AbortSignal): Promise<Outcome<ApiAnswer>> {
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
