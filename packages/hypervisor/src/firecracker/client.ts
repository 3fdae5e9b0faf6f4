// Firecracker's calls: their paths on its socket, and what a status means.
import { type Outcome, refusal } from '../outcome.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { callRest, type RestAnswer, type RestCall } from '../rest/client.ts';
import { hypervisorWords } from '../rest/hypervisor-words.ts';
import type { TraceCall } from '../trace-call.ts';

export interface Write {
  readonly method: 'PUT' | 'PATCH';
  /** The path in the API description: `/boot-source`. */
  readonly path: string;
  /** Its name in a refusal. */
  readonly name: string;
  /** The span's name: the API names only its actions. */
  readonly operation: string;
  readonly body: object;
}

export const read = (call: Omit<RestCall, 'method' | 'operation' | 'body'>): Promise<Outcome<RestAnswer>> =>
  callRest({ ...call, method: 'GET', operation: `GET ${call.path}` });

/** Ok on 204. Firecracker answers 400 to a request that is malformed, out of range, or illegal in its state. */
export async function write(
  trace: TraceCall,
  { socketPath }: ProcessHandle,
  { method, path, name, operation, body }: Write,
  deadline: AbortSignal,
): Promise<Outcome> {
  const called = await callRest({ trace, socketPath, method, path, name, operation, body, deadline });
  if (!called.ok) return called;
  const { status, text } = called;
  if (status === 200 || status === 204) return { ok: true };
  const code = status >= 400 && status < 500 ? 'refused' : status >= 500 ? 'failed' : 'bad-answer';
  const words = hypervisorWords(text);
  return refusal(code, name, `${name}: the hypervisor answered ${status}${words && `: ${words}`}`, text);
}
