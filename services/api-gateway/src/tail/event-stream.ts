// An event stream: each event once, and at regular intervals the log's position and a check whether it may continue.
import type { PastEvent } from '@ironlog/read-model';
import { type WalkDeps, type WalkRange, walkLog } from './log-walk.ts';

export interface StreamRange<Refusal> extends WalkRange {
  /** The interval of marks, in milliseconds: a reader that reconnects repeats at most this part of the log. */
  readonly heartbeatMs: number;
  /** Called at each heartbeat, before anything is sent; a result ends the stream. */
  readonly refusal: () => Refusal | undefined;
}

export type Frame<Refusal> =
  | { readonly kind: 'event'; readonly event: PastEvent }
  /** Everything up to `sequence` has been sent. */
  | { readonly kind: 'mark'; readonly sequence: number }
  | { readonly kind: 'end'; readonly refusal: Refusal };

export const streamEvents = async function* <Refusal>(
  deps: WalkDeps,
  range: StreamRange<Refusal>,
): AsyncGenerator<Frame<Refusal>> {
  let sent = range.after;
  let dueAt = performance.now() + range.heartbeatMs;
  /** False: the stream has ended. */
  const beat = function* (): Generator<Frame<Refusal>, boolean> {
    if (performance.now() < dueAt) return true;
    dueAt = performance.now() + range.heartbeatMs;
    const refusal = range.refusal();
    yield refusal === undefined ? { kind: 'mark', sequence: sent } : { kind: 'end', refusal };
    return refusal === undefined;
  };
  // A client that is disconnected before any event must know its position; and the headers must not wait for an event.
  if (range.follow) yield { kind: 'mark', sequence: sent };
  for await (const { events, reached } of walkLog(deps, range, () => Math.max(0, dueAt - performance.now()))) {
    for (const event of events) {
      if (!(yield* beat())) return;
      yield { kind: 'event', event };
      sent = event.sequence;
    }
    sent = reached;
    if (!(yield* beat())) return;
  }
};
