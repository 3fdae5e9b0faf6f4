// Loopback ports: the one wanted if it is free, else one that the kernel picks.
import { createServer } from 'node:net';

const bind = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });

export interface ChosenPort {
  readonly port: number;
  /** The wanted port that was taken. */
  readonly taken?: number;
}

/** `wanted` 0: any. The port is free now; whoever binds it must still say so when it no longer is. */
export const choosePort = async (wanted: number): Promise<ChosenPort> => {
  const port = await bind(wanted);
  if (port !== undefined) return { port };
  const other = await bind(0);
  if (other === undefined) throw new Error('no free port on 127.0.0.1');
  return { port: other, taken: wanted };
};
