// All of EVENTS up to a sequence, in order, for a rebuild. Only reads; reaches no executor (P10).
import type { Recorded, ReplayRange } from '../../port.ts';
import type { JetStreamDeps } from '../deps.ts';
import { follow } from './follow.ts';

export const replay = async function* (
  deps: JetStreamDeps,
  stream: string,
  range: ReplayRange,
): AsyncGenerator<Recorded> {
  if (range.until <= range.after) return;
  const signal = range.signal ?? new AbortController().signal;
  for await (const batch of follow(deps, { stream, after: range.after, signal })) {
    for (const entry of batch) {
      if (entry.sequence > range.until) return;
      yield entry;
      if (entry.sequence >= range.until || signal.aborted) return;
    }
  }
};
