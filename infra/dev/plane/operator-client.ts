// The plane's API for its operator: lists the VMs, and shuts one down.
import { type VmView, vmListSchema } from '@ironlog/schemas';

export interface OperatorOptions {
  /** The API's address. */
  readonly http: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

export interface OperatorClient {
  /** All VMs that are not deleted, including the changes of earlier answers. @throws Error when the API does not answer. */
  vms(): Promise<readonly VmView[]>;
  /** By force. `false`: the outcome is unknown or a failure; the next list has it. */
  shutDown(vm: VmView): Promise<boolean>;
}

const PAGE = 500;

export const openOperatorClient = ({ http, token, signal }: OperatorOptions): OperatorClient => {
  /** Sent with a list request, so that the answer includes the previous answer's changes. */
  let position: string | null = null;
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers };
    const response = await fetch(`${http}${path}`, { ...init, headers, signal }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new Error(`the API at ${http} does not answer`, { cause });
    });
    position = response.headers.get('ironlog-position') ?? position;
    return response;
  };
  const page = async (cursor: string) => {
    const headers: Record<string, string> = position === null ? {} : { 'ironlog-position': position };
    const response = await request(`/v1/vms?limit=${PAGE}${cursor && `&cursor=${cursor}`}`, { headers });
    if (response.status !== 200) throw new Error(`the API answers ${response.status}: ${await response.text()}`);
    return vmListSchema.parse(await response.json());
  };
  return {
    vms: async () => {
      const vms: VmView[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const { items, nextCursor } = await page(cursor);
        vms.push(...items);
        cursor = nextCursor;
      }
      return vms;
    },
    shutDown: async ({ id }) => {
      const body = JSON.stringify({ mode: 'force' });
      const response = await request(`/v1/vms/${id}/shutdown`, {
        method: 'POST',
        body,
        headers: { prefer: 'wait=10' },
      });
      await response.text();
      return response.status === 200;
    },
  };
};
