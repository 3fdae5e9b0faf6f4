// The one QMP connection per process, opened on first use and shared by calls and watches (QEMU takes one client).
import { deadlineRefusal, type Outcome } from '../outcome.ts';
import type { TraceCall } from '../trace-call.ts';
import { QmpConnection, type QmpListener } from './qmp-connection.ts';

type Link = Outcome<{ readonly connection: QmpConnection }>;

/** Longest wait for greeting and negotiation: a stopped or busy QEMU would never answer. */
const OPEN_WITHIN_MS = 5000;

export class QmpLinks {
  /** Wraps each command except polls. */
  readonly trace: TraceCall;
  readonly #links = new Map<string, Promise<Link>>();
  readonly #closing = new AbortController();
  readonly #listeners = new Map<string, Set<QmpListener>>();

  constructor(trace: TraceCall) {
    this.trace = trace;
  }

  /** The connection to the process on that socket; concurrent callers share one open. */
  async connection(socketPath: string, deadline: AbortSignal): Promise<Link> {
    const link = this.#links.get(socketPath) ?? this.#open(socketPath);
    return Promise.race([link, expiry(deadline)]);
  }

  /** Subscribes to the events and the end of the process's connections; returns the unsubscribe function. */
  listen(socketPath: string, listener: QmpListener): () => void {
    const listeners = this.#listeners.get(socketPath) ?? new Set();
    this.#listeners.set(socketPath, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(socketPath);
    };
  }

  /** Final: a connection being opened is aborted. */
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
