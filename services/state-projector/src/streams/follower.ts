// One projection following one stream: from its checkpoint, batch by batch, until it is stopped.
import { type EventLog, LogReplacedError, type Recorded } from '@ironlog/event-log';
import { type Folded, type Projection, whyAnotherStream } from '@ironlog/read-model';
import { backoffMs, delay, type Runtime } from '@ironlog/service-kit';
import { isDamaged, mayPass } from '../generations/sqlite-failure.ts';
import { Lag } from './lag.ts';
import { traceBatch } from './trace-batch.ts';

export interface FollowerDeps {
  /** Its name in metrics, health and logs: `state`, `pending`, `door`, `history`. */
  readonly name: string;
  readonly stream: string;
  readonly log: EventLog;
  readonly projection: Projection;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** The stream's last sequence at the start: the rows are ready when they include it. */
  readonly target: number;
  /** Readers have this file: its state is the service's. */
  readonly serving: () => boolean;
  readonly onApplied: () => void;
}

/** `another-log`: nothing is merged, an operator decides. `damaged`: the file must be rebuilt. */
export type FollowerEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'another-log'; readonly reason: string }
  | { readonly kind: 'damaged'; readonly reason: string };

const BACKOFF = { baseMs: 100, maxMs: 5000 };
/** Per transaction; more would lock the file for longer than a reader should wait. */
const MOST_IN_A_COMMIT = 1000;
/** While it catches up no reader waits, and repeated changes of a row are written once. */
const MOST_BEHIND = 50_000;

/** With the measure of its lag. */
interface Following extends FollowerDeps {
  readonly lag: Lag;
}

/** Rejects only with a bug, or with the cause when the connection is closed for good. */
export const follow = async (deps: FollowerDeps): Promise<FollowerEnd> => {
  const { log, projection, signal } = deps;
  try {
    const checkpoint = projection.checkpoint();
    const end = await log.info();
    const other = whyAnotherStream(checkpoint, end);
    if (other !== undefined) return { kind: 'another-log', reason: other };
    const lag = new Lag(deps, end);
    void lag.watch();
    const following = { ...deps, lag };
    await untilDone(following, () => onPosition(following));
    let uncommitted: Folded = NOTHING;
    const onBatch = async (batch: readonly Recorded[]): Promise<void> => {
      for (let from = 0; from < batch.length && !signal.aborted; from += MOST_IN_A_COMMIT) {
        const part = batch.slice(from, from + MOST_IN_A_COMMIT);
        uncommitted = sum(uncommitted, projection.fold(part));
        const isBehind = (part.at(-1)?.sequence ?? 0) < deps.target;
        if (isBehind && uncommitted.events < MOST_BEHIND) continue;
        await commitUntilDone(following, part, uncommitted);
        uncommitted = NOTHING;
      }
    };
    await log.tail({ after: checkpoint.sequence, signal, onBatch });
    return { kind: 'stopped' };
  } catch (error) {
    if (isDamaged(error)) return { kind: 'damaged', reason: error.message };
    if (error instanceof LogReplacedError) return { kind: 'another-log', reason: error.message };
    throw error;
  }
};

const onPosition = ({ name, projection, runtime, target, serving, lag, onApplied }: Following): void => {
  const { sequence } = projection.checkpoint();
  lag.reached(sequence);
  if (serving()) {
    const toGo = Math.max(0, target - sequence);
    runtime.metrics.gauge('ironlog_projector_checkpoint_sequence').set({ projection: name }, sequence);
    runtime.health.set(name, toGo === 0 ? { ok: true } : { ok: false, reason: `${toGo} entries behind` });
  }
  onApplied();
};

const NOTHING: Folded = { events: 0, quarantined: 0 };
const sum = (a: Folded, b: Folded): Folded => ({
  events: a.events + b.events,
  quarantined: a.quarantined + b.quarantined,
});

/** `batch`: the last part of the entries to commit; all of them when it is not behind. */
const commitUntilDone = async (
  deps: Following,
  batch: readonly Recorded[],
  { events, quarantined }: Folded,
): Promise<void> => {
  const { name, projection, runtime, serving, target } = deps;
  if (!(await untilDone(deps, () => projection.commit()))) return;
  runtime.metrics.counter('ironlog_projector_events_applied_total').inc({ projection: name }, events);
  runtime.metrics.histogram('ironlog_projector_batch_size').observe({ projection: name }, events);
  if (quarantined > 0) reportPoison(deps, quarantined);
  await untilDone(deps, () => onPosition(deps));
  // A rebuild belongs to no request's trace.
  if (serving()) await traceBatch(name, batch, target);
};

/** `false`: it was stopped before. Rejects with a permanent error. */
const untilDone = async ({ name, runtime, signal, serving }: Following, step: () => void): Promise<boolean> => {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      step();
      return true;
    } catch (err) {
      if (!mayPass(err)) throw err;
      if (serving()) runtime.health.set(name, { ok: false, reason: err.message });
      runtime.logger.warn({ err, projection: name, attempt }, 'not written yet; retrying');
      await delay(backoffMs(attempt, BACKOFF), signal).catch((cause) => {
        if (!signal.aborted) throw cause;
      });
    }
  }
  return false;
};

const reportPoison = ({ name, stream, runtime, serving }: FollowerDeps, count: number): void => {
  // Both files fold the same invalid entry, and so does a rebuild; it is counted once, by the file that stores it.
  if (name === 'history' || !serving()) return;
  runtime.metrics.counter('ironlog_quarantined_total').inc({ stream, code: 'invalid' }, count);
  runtime.logger.error({ projection: name, count }, 'messages that are no valid entry are in quarantine');
};
