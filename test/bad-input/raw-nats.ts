// Publishes over a bare socket, without a client library that could refuse a bad message.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MAX_PAYLOAD_BYTES, type Plane } from '@ironlog/infra';

const ANSWER_WITHIN_MS = 10_000;

/** The server's output from now on, up to its answer to a ping or the end of the connection. */
const listen = (socket: Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    let received = '';
    const onData = (chunk: Buffer): void => {
      received += chunk.toString('latin1');
      if (/^PONG\r$/m.test(received)) end();
    };
    const end = (): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', end);
      resolve(received);
    };
    const timer = setTimeout(
      () => reject(new Error(`nats-server only sent ${JSON.stringify(received)}`)),
      ANSWER_WITHIN_MS,
    );
    socket.on('data', onData).once('close', end);
  });

/** Returns the server's reply. */
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
    // The server checks the announced length before it reads the body; bytes after its end would reset the connection
    // and lose the reply.
    if (bytes.length <= MAX_PAYLOAD_BYTES) socket.write(Buffer.concat([bytes, Buffer.from('\r\nPING\r\n')]));
    return await answer;
  } finally {
    socket.destroy();
  }
};
