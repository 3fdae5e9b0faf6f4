// A followed console as its reader gets it. The next part is asked for when the reader has taken the one before: a reader
// that is slow holds one part here and nothing on the host, which skips for it what it keeps no longer.
import type { ConsoleFollowQuestion, ConsolePart } from '../http/api.ts';

export interface ConsoleStreamDeps {
  readonly ask: (question: ConsoleFollowQuestion) => Promise<ConsolePart>;
  readonly monotonicMs: () => number;
}

export interface ConsoleStream<Ending> {
  readonly question: Omit<ConsoleFollowQuestion, 'from' | 'waitMs'>;
  /** The host's answer to the first question. */
  readonly first: Extract<ConsolePart, { kind: 'part' }>;
  /** Where the reader was; none: it begins with `first`. */
  readonly position?: number | undefined;
  /** At least this often the stream says how far it is. */
  readonly heartbeatMs: number;
  /** A host that has not answered for so long has gone: its executor may have been restarted meanwhile. */
  readonly silentMs: number;
  /** Between two questions to a host that does not answer. */
  readonly retryMs: number;
  /** Asked before anything more is told; an answer ends the stream. */
  readonly refusal: () => Ending | undefined;
  /** Resolves when the VM is deleted. */
  readonly deleted: Promise<Ending>;
  readonly unavailable: (reason: string) => Ending;
  readonly silent: () => Ending;
  /** Aborted when the reader has gone. */
  readonly signal: AbortSignal;
}

export type ConsoleFrame<Ending> =
  | { readonly kind: 'output'; readonly from: number; readonly bytes: Buffer }
  /** What lay between is not kept any more. */
  | { readonly kind: 'gap'; readonly from: number; readonly skippedBytes: number }
  /** All up to `position` has been sent. */
  | { readonly kind: 'mark'; readonly position: number }
  | { readonly kind: 'end'; readonly ending: Ending };

type Next<Ending> = ConsolePart | { readonly kind: 'end'; readonly ending: Ending } | { readonly kind: 'left' };

export const streamConsole = async function* <Ending>(
  { ask, monotonicMs }: ConsoleStreamDeps,
  stream: ConsoleStream<Ending>,
): AsyncGenerator<ConsoleFrame<Ending>> {
  const interruption = createInterruption(stream);
  let position = stream.position ?? stream.first.from;
  let heardAt = monotonicMs();
  let dueAt = heardAt + stream.heartbeatMs;
  let next: Next<Ending> = stream.first;
  // Its headers do not wait for output, and who is cut off before any knows where to go on.
  yield { kind: 'mark', position };
  try {
    for (;;) {
      if (next.kind === 'left') return;
      if (next.kind === 'end') return yield next;
      if (next.kind === 'none') return yield { kind: 'end', ending: stream.unavailable(next.reason) };
      if (monotonicMs() >= dueAt) {
        dueAt = monotonicMs() + stream.heartbeatMs;
        const refusal = stream.refusal();
        if (refusal !== undefined) return yield { kind: 'end', ending: refusal };
      }
      if (next.kind === 'unreachable') {
        if (monotonicMs() - heardAt >= stream.silentMs) return yield { kind: 'end', ending: stream.silent() };
        yield { kind: 'mark', position };
        const over = await interruption.or(pause(stream.retryMs));
        if (over) {
          next = over;
          continue;
        }
      } else {
        heardAt = monotonicMs();
        const { from, bytes } = next;
        if (from > position) yield { kind: 'gap', from: position, skippedBytes: from - position };
        position = from + bytes.length;
        yield bytes.length > 0 ? { kind: 'output', from, bytes } : { kind: 'mark', position };
      }
      next = await interruption.or(ask({ ...stream.question, from: position, waitMs: stream.heartbeatMs }));
    }
  } finally {
    interruption.close();
  }
};

/**
 * What ends the stream while it waits. A race against the same promise for each part would keep something of every part
 * until the stream ends; here one waiter is kept.
 */
const createInterruption = <Ending>({ deleted, signal }: Pick<ConsoleStream<Ending>, 'deleted' | 'signal'>) => {
  let over: Next<Ending> | undefined;
  let wake: (next: Next<Ending>) => void = () => undefined;
  const interrupt = (next: Next<Ending>): void => {
    over ??= next;
    wake(over);
  };
  const leave = (): void => interrupt({ kind: 'left' });
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  void deleted.then((ending) => interrupt({ kind: 'end', ending }));
  return {
    or: <Answer>(work: Promise<Answer>): Promise<Answer | Next<Ending>> =>
      new Promise((resolve, reject) => {
        wake = resolve;
        if (over) resolve(over);
        else work.then(resolve, reject);
      }),
    close: (): void => signal.removeEventListener('abort', leave),
  };
};

const pause = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
