// A server on a unix socket that sends each connection what a test defines.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class UnixServer {
  readonly path: string;
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(directory: string, serve: (socket: Socket) => void) {
    this.#directory = directory;
    this.path = join(directory, 'e1.sock');
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      // These tests provoke a client that disconnects during a write.
      socket.on('error', () => socket.destroy());
      serve(socket);
    });
  }

  static async listen(serve: (socket: Socket) => void): Promise<UnixServer> {
    const server = new UnixServer(await mkdtemp(join(tmpdir(), 'ironlog-fake-')), serve);
    await new Promise<void>((resolve) => server.#server.listen(server.path, resolve));
    return server;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }
}
