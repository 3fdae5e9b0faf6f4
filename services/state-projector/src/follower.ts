// One projection following one stream: from its checkpoint on, batch by batch, until it is stopped.
import type { EventLog, Recorded } from '@ironlog/event-log';
import { type Checkpoint, type Projection, whyAnotherStream } from '@ironlog/read-model';
import { backoffMs, delay, type Runtime } from '@ironlog/service-kit';

export interface FollowerDeps {
  /** In metrics, health and logs: `state`, `pending`, `history`. */
  readonly name: string;
  readonly stream: string;
  readonly log: EventLog;
  readonly projection: Projection;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** Called once, when everything that the stream held at the start is in the rows. */
  readonly onCaughtUp: () => void;
}

/** The file belongs to another log: nothing is merged, a human decides (P8). */
export class AnotherStream extends Error {}

/** Waits that may pass: the disk is full, another holds the file. */
const PASSING = ['SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_IOERR'];
const isPassing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && PASSING.some((code) => String(error.code).startsWith(code));

const BACKOFF = { baseMs: 100, maxMs: 5000 };
/** One transaction; more would hold the file and the memory for longer than a reader should wait. */
const MOST_IN_A_BATCH = 1000;

export const follow = async (deps: FollowerDeps): Promise<void> => {
  const { name, log, projection, runtime, signal } = deps;
  const info = await log.info();
  const checkpoint: Checkpoint = projection.checkpoint();
  const other = whyAnotherStream(checkpoint, info);
  if (other !== undefined) {
    runtime.health.set(name, { ok: false, reason: other });
    throw new AnotherStream(
      `${name}: ${other}; if the log is the right one, move the database files away and start again`,
    );
  }
  const caughtUp = announceOnce(deps, info.lastSequence);
  caughtUp(checkpoint.sequence);
  await log.tail({
    after: checkpoint.sequence,
    signal,
    onBatch: async (batch) => {
      for (let from = 0; from < batch.length && !signal.aborted; from += MOST_IN_A_BATCH) {
        const part = batch.slice(from, from + MOST_IN_A_BATCH);
        await applyUntilDone(deps, part);
        caughtUp(part.at(-1)?.sequence ?? 0);
      }
    },
  });
};

const announceOnce = ({ name, runtime, onCaughtUp }: FollowerDeps, target: number): ((sequence: number) => void) => {
  let announced = false;
  runtime.health.set(name, { ok: false, reason: 'catching up' });
  return (sequence) => {
    runtime.metrics.gauge('ironlog_projector_checkpoint_sequence').set({ projection: name }, sequence);
    if (announced) return;
    runtime.metrics.gauge('ironlog_projector_lag_sequences').set({ projection: name }, Math.max(0, target - sequence));
    if (sequence < target) return;
    announced = true;
    onCaughtUp();
    runtime.health.set(name, { ok: true });
  };
};

const applyUntilDone = async (
  { name, stream, projection, runtime, signal }: FollowerDeps,
  batch: readonly Recorded[],
): Promise<void> => {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      const { events, quarantined } = projection.apply(batch);
      if (attempt > 1) runtime.health.set(name, { ok: true });
      runtime.metrics.counter('ironlog_projector_events_applied_total').inc({ projection: name }, events);
      runtime.metrics.histogram('ironlog_projector_batch_size').observe({ projection: name }, events);
      if (quarantined === 0) return;
      runtime.metrics.counter('ironlog_quarantined_total').inc({ stream, code: 'invalid' }, quarantined);
      runtime.logger.error(
        { projection: name, count: quarantined },
        'messages that are no valid entry are in quarantine',
      );
      return;
    } catch (err) {
      if (!isPassing(err)) throw err;
      runtime.health.set(name, { ok: false, reason: err instanceof Error ? err.message : String(err) });
      runtime.logger.warn({ err, projection: name, attempt }, 'a batch is not written yet; trying again');
      await delay(backoffMs(attempt, BACKOFF), signal).catch(() => undefined);
    }
  }
};
