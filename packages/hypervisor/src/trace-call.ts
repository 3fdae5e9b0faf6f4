// A driver's socket requests, for a tracer. Polls (pings of a starting process, the state during a guest's shutdown) are
// omitted: there would be hundreds.
import type { Outcome } from './outcome.ts';

export interface SocketCall {
  /** The hypervisor's name: `vm.create`, `query-status`, `InstanceStart`; else verb and template: `PUT /drives/{drive_id}`. */
  readonly method: string;
  readonly socketPath: string;
  /** Set for HTTP sockets. */
  readonly http?: { readonly method: string; readonly path: string };
}

/** Wraps one request; an HTTP outcome has its `status`. */
export type TraceCall = <T extends object>(call: SocketCall, request: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;

export const untraced: TraceCall = (_call, request) => request();
