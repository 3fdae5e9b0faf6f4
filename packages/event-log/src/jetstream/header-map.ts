// Converts a message's headers to a plain map of their first values.
import type { MsgHdrs } from '@nats-io/transport-node';

export const headerMap = (headers: MsgHdrs | undefined): ReadonlyMap<string, string> =>
  new Map(headers ? headers.keys().map((key): [string, string] => [key, headers.get(key)]) : []);
