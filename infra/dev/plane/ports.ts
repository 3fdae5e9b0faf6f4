// Loopback ports: the requested one if it is free, else one that the kernel picks.
import { createServer } from 'node:net';

type Bound = { readonly port: number } | { readonly reason: string };

const reasonOf = (error: NodeJS.ErrnoException): string => {
  if (error.code === 'EADDRINUSE') return 'is taken';
  // Below 1024 by default (net.ipv4.ip_unprivileged_port_start).
  if (error.code === 'EACCES') return 'may not be used by this user';
  return `cannot be used (${error.message})`;
};

const bind = (port: number): Promise<Bound> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve({ reason: reasonOf(error) }));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve({ port: bound }));
    });
  });

export interface ChosenPort {
  readonly port: number;
  /** The requested port and why it is not this one: `port 7070 is taken`. */
  readonly instead?: string;
}

/** `wanted` 0: any. The port is free now; binding it may still fail. */
export const choosePort = async (wanted: number): Promise<ChosenPort> => {
  const first = await bind(wanted);
  if ('port' in first) return first;
  const other = await bind(0);
  if ('reason' in other) throw new Error(`no free port on 127.0.0.1: any port ${other.reason}`);
  return { port: other.port, instead: `port ${wanted} ${first.reason}` };
};
