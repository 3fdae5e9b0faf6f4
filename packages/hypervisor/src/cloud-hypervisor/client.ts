// Cloud Hypervisor's calls: their paths on its socket, and what a status means.
import { type Outcome, refusal } from '../outcome.ts';
import { callRest, type RestAnswer, type RestCall } from '../rest/client.ts';
import { hypervisorWords } from '../rest/hypervisor-words.ts';

/** `name` is the one in the API description: `vm.boot`. */
export type ApiCall = Omit<RestCall, 'path' | 'method' | 'operation'> & { readonly method: 'GET' | 'PUT' };

export const callApi = (call: ApiCall): Promise<Outcome<RestAnswer>> =>
  callRest({ ...call, path: `/api/v1/${call.name}` });

/** Ok on 200 and 204. 404 and 405 are refusals by state (API description); retrying a 4xx never helps. */
export function accepted(name: string, { status, text }: RestAnswer): Outcome {
  if (status === 200 || status === 204) return { ok: true };
  const code = status >= 400 && status < 500 ? 'refused' : status >= 500 ? 'failed' : 'bad-answer';
  const words = hypervisorWords(text);
  return refusal(code, name, `${name}: the hypervisor answered ${status}${words && `: ${words}`}`, text);
}
