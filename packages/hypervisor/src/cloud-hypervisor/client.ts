// Cloud Hypervisor's REST API over its unix socket: one bounded request at a time, any answer turned into an outcome.
import { Client } from 'undici';
import { type CallOutcome, done, failure } from '../outcome.ts';

/** Largest answer read; `vm.info` of a real VM is a few KiB. */
const MAX_ANSWER_BYTES = 256 * 1024;

export interface ApiCall {
  readonly socketPath: string;
  readonly method: 'GET' | 'PUT';
  /** As the API's description has it: `vm.boot`. */
  readonly name: string;
  readonly body?: object;
  readonly signal: AbortSignal;
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const failed = (error: unknown, { name, signal }: ApiCall) => {
  const reason = `${name}: ${error instanceof Error ? error.message : String(error)}`;
  if (signal.aborted)
    return failure(
      signal.reason instanceof Error && signal.reason.name === 'TimeoutError' ? 'timeout' : 'aborted',
      reason,
    );
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE')
    return failure('refused', reason);
  return failure(code === 'UND_ERR_SOCKET' ? 'refused' : 'bad-answer', reason);
};

/** The body of a 200 answer, undefined for 204. */
export const callApi = async (call: ApiCall): Promise<CallOutcome<string | undefined>> => {
  const client = new Client('http://localhost', {
    socketPath: call.socketPath,
    maxResponseSize: MAX_ANSWER_BYTES,
    pipelining: 0,
  });
  try {
    const { statusCode, body } = await client.request({
      path: `/api/v1/${call.name}`,
      method: call.method,
      signal: call.signal,
      ...(call.body === undefined
        ? {}
        : { body: JSON.stringify(call.body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await body.text();
    if (statusCode === 200 || statusCode === 204) return done(statusCode === 200 ? text : undefined);
    return failure(statusCode === 404 ? 'not-found' : 'failed', `${call.name}: ${statusCode} ${text.slice(0, 300)}`);
  } catch (error) {
    return failed(error, call);
  } finally {
    void client.destroy();
  }
};
