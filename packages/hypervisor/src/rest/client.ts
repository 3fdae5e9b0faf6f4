// HTTP over a hypervisor's unix socket: one bounded request, and any answer or error as a value.
import { Client } from 'undici';
import { deadlineRefusal, type Outcome, refusal } from '../outcome.ts';
import type { TraceCall } from '../trace-call.ts';

/** Largest body read; a real VM's answer is a few KiB. */
export const MAX_ANSWER_BYTES = 256 * 1024;

export interface RestCall {
  readonly socketPath: string;
  readonly method: 'GET' | 'PUT' | 'PATCH';
  readonly path: string;
  /** Its name in a refusal: `vm.boot`. */
  readonly name: string;
  /** The span's name, without ids; `name` by default. */
  readonly operation?: string;
  readonly body?: object;
  readonly deadline: AbortSignal;
  /** Wraps the request; `untraced` for a poll. */
  readonly trace: TraceCall;
}

export interface RestAnswer {
  readonly status: number;
  readonly text: string;
}

/** Ok with any status; the caller interprets it. */
export function callRest(call: RestCall): Promise<Outcome<RestAnswer>> {
  const { trace, name, operation = name, socketPath, method, path } = call;
  return trace({ method: operation, socketPath, http: { method, path } }, () => request(call));
}

async function request(call: RestCall): Promise<Outcome<RestAnswer>> {
  if (call.deadline.aborted) return deadlineRefusal(call.deadline, call.name);
  const client = new Client('http://localhost', {
    socketPath: call.socketPath,
    maxResponseSize: MAX_ANSWER_BYTES,
    // Only the caller's deadline applies.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  let answered = false;
  try {
    const { statusCode, body } = await client.request({
      path: call.path,
      method: call.method,
      signal: call.deadline,
      ...(call.body === undefined
        ? {}
        : { body: JSON.stringify(call.body), headers: { 'content-type': 'application/json' } }),
    });
    answered = true;
    return { ok: true, status: statusCode, text: await body.text() };
  } catch (error) {
    return transportRefusal(error, answered, call);
  } finally {
    await client.destroy();
  }
}

const NOBODY = 'nothing answers on its socket';
const HUNG_UP = 'the hypervisor closed the connection without an answer';

// unix(7): ENOENT no socket file, ECONNREFUSED a file without a listener (its process was killed), the others a process
// that exited during the request (undici's own code among them).
const UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ['ENOENT', NOBODY],
  ['ECONNREFUSED', NOBODY],
  ['EACCES', 'its socket may not be opened'],
  ['ECONNRESET', HUNG_UP],
  ['EPIPE', HUNG_UP],
  ['UND_ERR_SOCKET', HUNG_UP],
]);

const BROKEN: ReadonlyMap<string, string> = new Map([
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', `was longer than ${MAX_ANSWER_BYTES} bytes`],
  ['UND_ERR_SOCKET', 'was broken off'],
  ['ECONNRESET', 'was broken off'],
]);

function transportRefusal(error: unknown, answered: boolean, { name, socketPath, deadline }: RestCall) {
  if (deadline.aborted) return deadlineRefusal(deadline, name);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const detail = `${socketPath}: ${error instanceof Error ? error.message : String(error)} (${code})`;
  const unreachable = answered ? undefined : UNREACHABLE.get(code);
  if (unreachable !== undefined) return refusal('unreachable', name, `${name}: ${unreachable}`, detail);
  return refusal('bad-answer', name, `${name}: the hypervisor's answer ${BROKEN.get(code) ?? 'is not HTTP'}`, detail);
}
