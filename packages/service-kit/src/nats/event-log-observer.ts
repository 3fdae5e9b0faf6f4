/** Turns the observations of an event log and a work queue into its service's metrics, log lines and readiness. */

import type { Runtime } from '../lifecycle/runtime.ts';
import { type ConsumerObservation, createConsumerHealth } from './consumer-health.ts';

/** One observation. The compiler checks that `@ironlog/event-log` reports exactly these. */
export type LogObservation =
  | { readonly kind: 'append'; readonly outcome: 'committed' | 'conflict' | 'unknown'; readonly ms: number }
  | { readonly kind: 'stored' }
  | { readonly kind: 'retry'; readonly operation: string; readonly attempt: number; readonly cause: Error }
  | ({ readonly kind: 'consumer' } & ConsumerObservation)
  | { readonly kind: 'hole'; readonly after: number; readonly next: number };

/** An append is retried until it succeeds: this long after the last retry none is failing any more. */
const RED_FOR_MS = 10_000;
const PROBE_EVERY_MS = 1_000;

/** Takes observations; must not throw. */
export interface LogObserver {
  (observation: LogObservation): void;
  /**
   * A caller may give up a publish to WORK, so no success may follow a failure. `probe` is called once a second after a
   * failed publish, until it or a publish succeeds.
   */
  probeWith(probe: () => Promise<void>): void;
}

/**
 * Call it once per service: it registers the check `jetstream`, the result of the last publish or probe. A full disk
 * only shows in timeouts of publishes, and nothing may be promised while the stream accepts no writes (P1).
 */
export const observeLog = ({
  metrics,
  logger,
  health,
  clock,
  signal,
}: Pick<Runtime, 'metrics' | 'logger' | 'health' | 'clock' | 'signal'>): LogObserver => {
  const duration = metrics.histogram('ironlog_log_append_duration_seconds');
  const conflicts = metrics.counter('ironlog_log_append_conflicts_total');
  const unknown = metrics.counter('ironlog_log_append_unknown_total');
  const consumerHealth = createConsumerHealth({ health, logger, metrics });
  let appendFailedAtMs = Number.NEGATIVE_INFINITY;
  let publishFailedAtMs = Number.NEGATIVE_INFINITY;
  let probe: (() => Promise<void>) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const isRecent = (atMs: number): boolean => clock.monotonicMs() - atMs < RED_FOR_MS;
  const publishFails = (): boolean =>
    probe ? publishFailedAtMs > Number.NEGATIVE_INFINITY : isRecent(publishFailedAtMs);
  health.register('jetstream', () => {
    if (publishFails()) return { ok: false, reason: 'no publish to WORK has been acknowledged since one failed' };
    if (isRecent(appendFailedAtMs)) return { ok: false, reason: 'an append to EVENTS is not acknowledged' };
    return { ok: true };
  });
  const scheduleProbe = (): void => {
    if (!probe || timer || signal.aborted) return;
    timer = setTimeout(async () => {
      // A failed probe adds nothing to the failed publish; readiness stays red.
      await probe?.().catch(() => undefined);
      timer = undefined;
      if (publishFails()) scheduleProbe();
    }, PROBE_EVERY_MS);
    timer.unref();
  };
  const onFailure = (operation: string): void => {
    if (operation === 'append') appendFailedAtMs = clock.monotonicMs();
    if (operation !== 'publish') return;
    publishFailedAtMs = clock.monotonicMs();
    scheduleProbe();
  };
  const observe = (observation: LogObservation): void => {
    switch (observation.kind) {
      case 'append':
        duration.observe({ stream: 'EVENTS', outcome: observation.outcome }, observation.ms / 1000);
        if (observation.outcome === 'committed') appendFailedAtMs = Number.NEGATIVE_INFINITY;
        if (observation.outcome === 'conflict') conflicts.inc({ stream: 'EVENTS' });
        if (observation.outcome === 'unknown') unknown.inc({ stream: 'EVENTS' });
        return;
      case 'stored':
        publishFailedAtMs = Number.NEGATIVE_INFINITY;
        return;
      case 'retry': {
        const { operation, attempt, cause } = observation;
        onFailure(operation);
        logger.warn({ action: operation, attempt, err: cause }, 'a NATS request is retried');
        return;
      }
      case 'consumer':
        consumerHealth(observation);
        return;
      case 'hole':
        logger.error(
          { expected: observation.after + 1, actual: observation.next },
          'EVENTS has a hole: entries were deleted',
        );
        return;
      default:
        observation satisfies never;
    }
  };
  return Object.assign(observe, {
    probeWith: (wanted: () => Promise<void>) => {
      probe = wanted;
    },
  });
};
