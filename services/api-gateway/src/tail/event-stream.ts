// A stream of events as its reader gets it: each event once, and at a steady pace how far the log has got and whether it may go on.
import type { PastEvent } from '@ironlog/read-model';
import { type WalkDeps, type WalkRange, walkLog } from './log-walk.ts';

export interface StreamRange<Refusal> extends WalkRange {
  /** A mark comes this often, whatever happens to whom: a reader that is cut off then repeats no more of the log than that. */
  readonly heartbeatMs: number;
  /** Asked at each heartbeat, before anything more is told; an answer ends the stream. */
  readonly refusal: () => Refusal | undefined;
}

export type Frame<Refusal> =
  | { readonly kind: 'event'; readonly event: PastEvent }
  /** All up to `sequence` has been told. */
  | { readonly kind: 'mark'; readonly sequence: number }
  | { readonly kind: 'end'; readonly refusal: Refusal };

export const streamEvents = async function* <Refusal>(
  deps: WalkDeps,
  range: StreamRange<Refusal>,
): AsyncGenerator<Frame<Refusal>> {
  let told = range.after;
  let dueAt = performance.now() + range.heartbeatMs;
  /** False: the stream has ended. */
  const beat = function* (): Generator<Frame<Refusal>, boolean> {
    if (performance.now() < dueAt) return true;
    dueAt = performance.now() + range.heartbeatMs;
    const refusal = range.refusal();
    yield refusal === undefined ? { kind: 'mark', sequence: told } : { kind: 'end', refusal };
    return refusal === undefined;
  };
  // Who follows and is cut off before any event must know where to go on; and its headers do not wait for one.
  if (range.follow) yield { kind: 'mark', sequence: told };
  for await (const { events, reached } of walkLog(deps, range, () => Math.max(0, dueAt - performance.now()))) {
    for (const event of events) {
      if (!(yield* beat())) return;
      yield { kind: 'event', event };
      told = event.sequence;
    }
    told = reached;
    if (!(yield* beat())) return;
  }
};
