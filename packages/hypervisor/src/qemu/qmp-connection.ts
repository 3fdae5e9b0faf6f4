// One QMP connection: greeting and capabilities first, then commands matched by id, and events.
// QEMU serves one client at a time, so all callers share one connection per process.
import { connect, type Socket } from 'node:net';
import { deadlineRefusal, type Outcome, type OutcomeCode, type Refusal, refusal } from '../outcome.ts';
import { MAX_LINE_BYTES, QmpLines } from './qmp-lines.ts';
import { parseQmp, type QmpMessage } from './qmp-message.ts';

export type QmpEvent = Extract<QmpMessage, { kind: 'event' }>;
export type QmpAnswer = Outcome<{ readonly value: unknown }>;

export interface QmpListener {
  readonly event: (event: QmpEvent) => void;
  /** Called once, when the connection has ended. */
  readonly end: () => void;
}

/** The id under which the greeting is awaited; commands count up from it. */
const GREETING = 0;

/** Why the connection is unusable. */
interface Broken {
  readonly code: OutcomeCode;
  readonly reason: string;
  readonly detail?: string;
}

const refusalOf = ({ code, reason, detail }: Broken, stage: string): Refusal =>
  refusal(code, stage, `${stage}: ${reason}`, detail);

interface Command {
  readonly execute: string;
  readonly arguments?: object;
}

export class QmpConnection {
  readonly #socket: Socket;
  readonly #listener: QmpListener;
  readonly #lines = new QmpLines();
  readonly #waiting = new Map<number, { stage: string; settle: (answer: QmpAnswer) => void }>();
  #broken: Broken | undefined;
  #lastId = GREETING;

  private constructor(path: string, listener: QmpListener) {
    this.#listener = listener;
    this.#socket = connect(path);
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) =>
      this.#fail({
        code: 'unreachable',
        reason: 'QEMU does not answer on its socket',
        detail: `${path}: ${error.message}`,
      }),
    );
    this.#socket.on('close', () => {
      this.#fail({ code: 'unreachable', reason: 'QEMU closed the connection without an answer', detail: path });
      listener.end();
    });
  }

  /** Connects, reads the greeting and negotiates; after a refusal the connection is closed. */
  static async open(
    path: string,
    listener: QmpListener,
    deadline: AbortSignal,
  ): Promise<Outcome<{ readonly connection: QmpConnection }>> {
    if (deadline.aborted) return deadlineRefusal(deadline, 'qmp.greeting');
    const connection = new QmpConnection(path, listener);
    const greeted = await connection.#wait(GREETING, 'qmp.greeting', deadline);
    const ready = greeted.ok ? await connection.execute({ execute: 'qmp_capabilities' }, deadline) : greeted;
    if (ready.ok) return { ok: true, connection };
    connection.close();
    return ready;
  }

  /** Ok with QEMU's `return`; a QEMU error is `refused`. An answer after the deadline is dropped by its id. */
  execute(command: Command, deadline: AbortSignal): Promise<QmpAnswer> {
    const id = ++this.#lastId;
    const stage = `qmp.${command.execute}`;
    const answer = this.#wait(id, stage, deadline);
    if (!this.#broken && !deadline.aborted) this.#socket.write(`${JSON.stringify({ ...command, id })}\n`);
    return answer;
  }

  get usable(): boolean {
    return this.#broken === undefined;
  }

  close(): void {
    this.#socket.destroy();
  }

  #wait(id: number, stage: string, deadline: AbortSignal): Promise<QmpAnswer> {
    if (this.#broken) return Promise.resolve(refusalOf(this.#broken, stage));
    if (deadline.aborted) return Promise.resolve(deadlineRefusal(deadline, stage));
    return new Promise((resolve) => {
      const expired = (): void => this.#settle(id, deadlineRefusal(deadline, stage));
      deadline.addEventListener('abort', expired, { once: true });
      const settle = (answer: QmpAnswer): void => {
        deadline.removeEventListener('abort', expired);
        resolve(answer);
      };
      this.#waiting.set(id, { stage, settle });
    });
  }

  #settle(id: number, answer: QmpAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.settle(answer);
  }

  #take(chunk: Buffer): void {
    const taken = this.#lines.take(chunk);
    if (taken.ok) for (const line of taken.lines) this.#read(line);
    else this.#fail({ code: 'bad-answer', reason: `QEMU's answer is longer than ${MAX_LINE_BYTES} bytes` });
  }

  #read(line: string): void {
    if (this.#broken) return;
    const message = parseQmp(line);
    if (message !== null) this.#dispatch(message);
    else this.#fail({ code: 'bad-answer', reason: "QEMU's answer is no QMP message", detail: line });
  }

  #dispatch(message: QmpMessage): void {
    switch (message.kind) {
      case 'greeting':
        this.#settle(GREETING, { ok: true, value: undefined });
        break;
      case 'event':
        this.#listener.event(message);
        break;
      case 'return':
        this.#settle(message.id, { ok: true, value: message.value });
        break;
      case 'error':
        this.#refuse(message);
        break;
    }
  }

  #refuse({ id, class: name, description }: Extract<QmpMessage, { kind: 'error' }>): void {
    const detail = `${name}: ${description}`;
    const stage = id === undefined ? undefined : this.#waiting.get(id)?.stage;
    if (id === undefined) this.#fail({ code: 'bad-answer', reason: "QEMU's error names no command", detail });
    else if (stage !== undefined) this.#settle(id, refusal('refused', stage, `${stage}: QEMU refused it`, detail));
  }

  /** Ends every waiting command; later input is ignored. */
  #fail(broken: Broken): void {
    this.#broken ??= broken;
    for (const { stage, settle } of this.#waiting.values()) settle(refusalOf(this.#broken, stage));
    this.#waiting.clear();
    this.#socket.destroy();
  }
}
