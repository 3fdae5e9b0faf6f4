// Publishes over a bare socket: no client library stands between a bad message and nats-server.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MAX_PAYLOAD_BYTES, type Plane } from '@ironlog/infra';

const ANSWER_WITHIN_MS = 10_000;

/** All that the server says from now on, up to its answer to a ping or the end of the connection. */
const listen = (socket: Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString('latin1');
      if (/^PONG\r$/m.test(said)) end();
    };
    const end = (): void => {
      clearTimeout(timer);
      socket.off('data', hear).off('close', end);
      resolve(said);
    };
    const timer = setTimeout(
      () => reject(new Error(`nats-server said no more than ${JSON.stringify(said)}`)),
      ANSWER_WITHIN_MS,
    );
    socket.on('data', hear).once('close', end);
  });

/** What the server said to it. */
export const publishRaw = async (
  { nats, natsUser }: Pick<Plane, 'nats' | 'natsUser'>,
  { subject, bytes }: { readonly subject: string; readonly bytes: Uint8Array },
): Promise<string> => {
  const { hostname, port } = new URL(nats.url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    const welcome = listen(socket);
    const login = { user: natsUser, pass: nats.credentials.passwordOf(natsUser), verbose: false, protocol: 1 };
    socket.write(`CONNECT ${JSON.stringify(login)}\r\nPING\r\n`);
    await welcome;
    const answer = listen(socket);
    socket.write(`PUB ${subject} ${bytes.length}\r\n`);
    // The announced length is judged before any byte of it; bytes that come after the end would only reset the
    // connection, and the answer with it.
    if (bytes.length <= MAX_PAYLOAD_BYTES) socket.write(Buffer.concat([bytes, Buffer.from('\r\nPING\r\n')]));
    return await answer;
  } finally {
    socket.destroy();
  }
};
