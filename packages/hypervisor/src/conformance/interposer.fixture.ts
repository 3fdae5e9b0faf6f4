// A faulty proxy in the place of a hypervisor's socket: it injects faults into requests or their answers.
import { renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

export const HARMS = ['hang', 'lost-request', 'lost-answer', 'half', 'error', 'garbage', 'huge'] as const;
/**
 * `hang`: not forwarded, not answered. `lost-request`: closed, not forwarded. `lost-answer`: forwarded, then
 * closed. `half`: forwarded, half of the answer is sent. `error`: not forwarded, answered with the hypervisor's own
 * error format. `garbage`: an invalid answer. `huge`: an answer of 50 MB.
 */
export type Harm = (typeof HARMS)[number];

export interface Dialect {
  /** Whether a client's text is a request; a greeting's negotiation is none. */
  readonly isRequest: (text: string) => boolean;
  /** Whether it changes the VM. */
  readonly isWrite: (text: string) => boolean;
  /** The hypervisor's error response. */
  readonly error: (request: string) => string;
  /** How an answer of unlimited length begins. */
  readonly endless: string;
}

const isHttp = (text: string): boolean => /^(?:GET|PUT|PATCH) /.test(text);
const http = (error: object): Dialect => {
  const body = JSON.stringify(error);
  return {
    isRequest: isHttp,
    isWrite: (text) => isHttp(text) && !text.startsWith('GET '),
    error: () => `HTTP/1.1 500 Oops\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    endless: 'HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n',
  };
};

export const DIALECTS = {
  'cloud-hypervisor': http(['Error from API', 'Cannot allocate memory']),
  firecracker: http({ fault_message: 'Cannot allocate memory' }),
  qmp: {
    isRequest: (text) => text.includes('"execute"') && !text.includes('qmp_capabilities'),
    isWrite: (text) => /"execute":"(?:cont|stop|quit|system_powerdown)"/.test(text),
    error: (request) => {
      const id = /"id":(\d+)/.exec(request)?.[1];
      return `{"error":{"class":"GenericError","desc":"Cannot allocate memory"},"id":${id}}\n`;
    },
    endless: '{"return":"',
  },
} satisfies Record<string, Dialect>;

const HUGE_BYTES = 50 * 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, ' ');

export interface InterposerOptions {
  readonly dialect: Dialect;
  readonly harm: Harm | 'none';
  /** Requests to fault. */
  readonly on: 'all' | 'writes';
}

export class Interposer {
  readonly #path: string;
  readonly #options: InterposerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #met = Promise.withResolvers<void>();
  readonly #said: string[][] = [];
  #hits = 0;

  private constructor(path: string, options: InterposerOptions) {
    this.#path = path;
    this.#options = options;
    this.#server = createServer((client) => this.#serve(client));
  }

  /** Takes the place of the socket at `path`; open connections still reach the process. */
  static async insert(path: string, options: InterposerOptions): Promise<Interposer> {
    const interposer = new Interposer(path, options);
    renameSync(path, `${path}.real`);
    await new Promise<void>((resolve) => interposer.#server.listen(path, resolve));
    return interposer;
  }

  /** Requests that the fault applies to. */
  get hits(): number {
    return this.#hits;
  }

  /** All that clients sent, one text per connection. */
  get said(): readonly string[] {
    return this.#said.map((chunks) => chunks.join(''));
  }

  /** The first request. */
  get met(): Promise<void> {
    return this.#met.promise;
  }

  /** Moves the hypervisor's own socket back. */
  async remove(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#path, { force: true });
    renameSync(`${this.#path}.real`, this.#path);
  }

  #serve(client: Socket): void {
    const { dialect, on, harm } = this.#options;
    const real = connect(`${this.#path}.real`);
    let lost: 'nothing' | 'answers' | 'half' = 'nothing';
    for (const [socket, other] of [
      [client, real],
      [real, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => other.destroy());
    }
    real.on('data', (answer) => {
      if (lost === 'nothing') client.write(answer);
      else if (lost === 'answers') client.destroy();
      else client.end(answer.subarray(0, answer.length / 2));
    });
    const said: string[] = [];
    this.#said.push(said);
    client.on('data', (chunk) => {
      const text = chunk.toString();
      said.push(text);
      if (!(on === 'writes' ? dialect.isWrite(text) : dialect.isRequest(text))) {
        real.write(chunk);
        return;
      }
      this.#hits += 1;
      this.#met.resolve();
      if (harm === 'lost-answer') lost = 'answers';
      if (harm === 'half') lost = 'half';
      if (harm === 'none' || harm === 'lost-answer' || harm === 'half') real.write(chunk);
      if (harm === 'lost-request') client.destroy();
      if (harm === 'error') client.write(dialect.error(text));
      if (harm === 'garbage') client.write('\u0000\u0001 no answer\n\n');
      if (harm === 'huge') pour(client, dialect.endless);
    });
  }
}

/** Up to 50 MB. */
function pour(client: Socket, beginning: string): void {
  let sent = 0;
  const more = (): void => {
    while (!client.destroyed && sent < HUGE_BYTES) {
      sent += CHUNK.length;
      if (!client.write(CHUNK)) return;
    }
  };
  client.on('drain', more);
  client.write(beginning);
  more();
}
