// The API calls of Cloud Hypervisor that several verbs share.
import { z } from 'zod';
import { saysGuestStopped } from '../event-monitor.ts';
import { type Outcome, refusal } from '../outcome.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { anotherAnswers } from '../rest/answering.ts';
import type { StateRead } from '../rest/ensure.ts';
import { parseJson } from '../rest/json.ts';
import type { Dialect } from '../rest/verbs.ts';
import { type TraceCall, untraced } from '../trace-call.ts';
import { accepted, callApi } from './client.ts';
import { readVmInfo } from './vm-info.ts';

export interface Put {
  readonly name: string;
  readonly body?: object;
}

const pingSchema = z.object({ pid: z.int().optional() });

export async function put(
  trace: TraceCall,
  { socketPath }: ProcessHandle,
  { name, body }: Put,
  deadline: AbortSignal,
): Promise<Outcome> {
  const called = await callApi({ trace, socketPath, method: 'PUT', name, deadline, ...(body && { body }) });
  return called.ok ? accepted(name, called) : called;
}

/** After a shutdown `vm.info` reports `Created` again (v53); the event file distinguishes the two. */
export async function readState(trace: TraceCall, handle: ProcessHandle, deadline: AbortSignal): Promise<StateRead> {
  const { socketPath } = handle;
  const info = await callApi({ trace, socketPath, method: 'GET', name: 'vm.info', deadline });
  if (!info.ok) return info;
  const read = readVmInfo(info);
  return read.ok && read.state === 'created' && saysGuestStopped(handle) ? { ok: true, state: 'shutdown' } : read;
}

/** The ping returns a pid. It is untraced, because it is repeated until it succeeds. */
export async function ping({ identity, socketPath }: ProcessHandle, deadline: AbortSignal): Promise<Outcome> {
  const pinged = await callApi({ trace: untraced, socketPath, method: 'GET', name: 'vmm.ping', deadline });
  if (!pinged.ok) return pinged;
  const { status, text } = pinged;
  const body = pingSchema.safeParse(parseJson(text));
  if (status !== 200 || !body.success)
    return refusal('bad-answer', 'vmm.ping', `vmm.ping: the hypervisor's answer (${status}) is no ping's`, text);
  const { pid } = body.data;
  if (pid === undefined || pid === identity.pid) return { ok: true };
  return anotherAnswers('vmm.ping', `process ${pid} answers on ${socketPath}, not ${identity.pid}`);
}

export const DIALECT: Dialect<Put> = { send: put, readState };
