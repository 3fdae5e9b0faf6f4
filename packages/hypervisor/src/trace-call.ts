// What a driver tells of its requests to sockets, for whoever traces them. Requests that it repeats until something has
// happened (pings, looks at the state while a guest shuts down) are not told: they would be hundreds.
import type { Outcome } from './outcome.ts';

export interface SocketCall {
  /** As the hypervisor names it: `vm.create`, `query-status`. */
  readonly method: string;
  readonly socketPath: string;
  /** Where the socket speaks HTTP. */
  readonly http?: { readonly method: string; readonly path: string };
}

/** Put around one request; an outcome of HTTP has its `status`. */
export type TraceCall = <T extends object>(call: SocketCall, request: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;

export const untraced: TraceCall = (_call, request) => request();
