/** What an event log and a work queue tell of themselves, as metrics, log lines and readiness of the service that uses them. */

import type { Runtime } from '../lifecycle/runtime.ts';
import { type ConsumerObservation, createConsumerHealth } from './consumer-health.ts';

/** One thing told; what `@ironlog/event-log` reports are these and no others, which the compiler holds it to. */
export type LogObservation =
  | { readonly kind: 'append'; readonly outcome: 'committed' | 'conflict' | 'unknown'; readonly ms: number }
  | { readonly kind: 'stored' }
  | { readonly kind: 'retry'; readonly operation: string; readonly attempt: number; readonly cause: Error }
  | ({ readonly kind: 'consumer' } & ConsumerObservation)
  | { readonly kind: 'hole'; readonly after: number; readonly next: number };

/** An append is repeated until it succeeds: this long after the last repetition none is failing any more. */
const RED_FOR_MS = 10_000;
const PROBE_EVERY_MS = 1_000;

/** Takes observations, and must not throw. */
export interface LogObserver {
  (observation: LogObservation): void;
  /**
   * Publishing to WORK is given up when its caller has waited long enough, so after a failure nothing may come that
   * would show a success. `probe` is called once a second from a failed publish on, until it or a publish succeeds.
   */
  probeWith(probe: () => Promise<void>): void;
}

/**
 * Made once per service: it registers the check `jetstream`, which is the outcome of the newest publish or probe. A full
 * disk is silent, publishes only time out; and nothing may be promised while the store takes no writes (P1).
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
      // A probe that fails says what the failed publish has said already; readiness stays red.
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
        logger.warn({ action: operation, attempt, err: cause }, 'NATS is asked again');
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
