// A driver's requests to sockets, as a tracer sees them. Polls (pings of a process that starts, the state while a guest
// shuts down) are left out: they would be hundreds.
import type { Outcome } from './outcome.ts';

export interface SocketCall {
  /** As the hypervisor names it: `vm.create`, `query-status`, `InstanceStart`; else verb and template: `PUT /drives/{drive_id}`. */
  readonly method: string;
  readonly socketPath: string;
  /** Where the socket speaks HTTP. */
  readonly http?: { readonly method: string; readonly path: string };
}

/** Put around one request; an outcome of HTTP has its `status`. */
export type TraceCall = <T extends object>(call: SocketCall, request: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;

export const untraced: TraceCall = (_call, request) => request();
