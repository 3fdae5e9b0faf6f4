// The one QMP connection per process, made when first needed and shared by every call and watch (QEMU takes one client).
import { deadlineRefusal, type Outcome } from '../outcome.ts';
import type { TraceCall } from '../trace-call.ts';
import { QmpConnection, type QmpListener } from './qmp-connection.ts';

type Link = Outcome<{ readonly connection: QmpConnection }>;

/** Longest wait for greeting and negotiation: QEMU, stopped or with another client, would never answer. */
const OPEN_WITHIN_MS = 5000;

export class QmpLinks {
  /** Put around each command that is no poll. */
  readonly trace: TraceCall;
  readonly #links = new Map<string, Promise<Link>>();
  readonly #closing = new AbortController();
  readonly #listeners = new Map<string, Set<QmpListener>>();

  constructor(trace: TraceCall) {
    this.trace = trace;
  }

  /** The connection to the process behind that socket; opened once, however many ask at the same time. */
  async connection(socketPath: string, deadline: AbortSignal): Promise<Link> {
    const link = this.#links.get(socketPath) ?? this.#open(socketPath);
    return Promise.race([link, expiry(deadline)]);
  }

  /** Hears the events and the end of the process's connection, this one or the next; answers how to stop hearing. */
  listen(socketPath: string, listener: QmpListener): () => void {
    const listeners = this.#listeners.get(socketPath) ?? new Set();
    this.#listeners.set(socketPath, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(socketPath);
    };
  }

  /** For good: one that is being opened is given up. */
  async close(): Promise<void> {
    this.#closing.abort('closed');
    const links = [...this.#links.values()];
    this.#links.clear();
    for (const link of await Promise.all(links)) if (link.ok) link.connection.close();
  }

  #open(socketPath: string): Promise<Link> {
    const each = (tell: (listener: QmpListener) => void): void => this.#listeners.get(socketPath)?.forEach(tell);
    const forget = (): void => {
      if (this.#links.get(socketPath) === link) this.#links.delete(socketPath);
    };
    const link = QmpConnection.open(
      socketPath,
      {
        event: (event) => each((listener) => listener.event(event)),
        end: () => {
          forget();
          each((listener) => listener.end());
        },
      },
      AbortSignal.any([this.#closing.signal, AbortSignal.timeout(OPEN_WITHIN_MS)]),
    ).then((opened) => {
      if (!opened.ok) forget();
      return opened;
    });
    this.#links.set(socketPath, link);
    return link;
  }
}

function expiry(deadline: AbortSignal): Promise<Link> {
  return new Promise((resolve) => {
    const expired = (): void => resolve(deadlineRefusal(deadline, 'qmp.greeting'));
    if (deadline.aborted) expired();
    else deadline.addEventListener('abort', expired, { once: true });
  });
}
