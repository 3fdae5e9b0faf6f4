/** What an event log and a work queue tell of themselves, as metrics, log lines and readiness of the service that uses them. */

import type { Runtime } from '../lifecycle/runtime.ts';
import { type ConsumerObservation, createConsumerHealth } from './consumer-health.ts';

/** One thing told; what `@ironlog/event-log` reports are these and no others, which the compiler holds it to. */
export type LogObservation =
  | { readonly kind: 'append'; readonly outcome: 'committed' | 'conflict' | 'unknown'; readonly ms: number }
  | { readonly kind: 'retry'; readonly operation: string; readonly attempt: number; readonly cause: Error }
  | ({ readonly kind: 'consumer' } & ConsumerObservation)
  | { readonly kind: 'hole'; readonly after: number; readonly next: number };

/** After a publish that had to be repeated, readiness stays red this long. */
const RED_FOR_MS = 10_000;
const PUBLISHES: ReadonlySet<string> = new Set(['append', 'publish']);

/** Made once per service: it registers the check `jetstream`. What it returns does not throw. */
export const observeLog = ({
  metrics,
  logger,
  health,
  clock,
}: Pick<Runtime, 'metrics' | 'logger' | 'health' | 'clock'>): ((observation: LogObservation) => void) => {
  const duration = metrics.histogram('ironlog_log_append_duration_seconds');
  const conflicts = metrics.counter('ironlog_log_append_conflicts_total');
  const unknown = metrics.counter('ironlog_log_append_unknown_total');
  const consumerHealth = createConsumerHealth({ health, logger, metrics });
  let failedAtMs = Number.NEGATIVE_INFINITY;
  // A full disk is silent: publishes time out. Then nothing is promised (P1), and traffic should go elsewhere.
  health.register('jetstream', () =>
    clock.monotonicMs() - failedAtMs < RED_FOR_MS
      ? { ok: false, reason: 'a publish was not acknowledged in the last seconds' }
      : { ok: true },
  );
  return (observation) => {
    switch (observation.kind) {
      case 'append':
        duration.observe({ stream: 'EVENTS', outcome: observation.outcome }, observation.ms / 1000);
        if (observation.outcome === 'conflict') conflicts.inc({ stream: 'EVENTS' });
        if (observation.outcome === 'unknown') unknown.inc({ stream: 'EVENTS' });
        return;
      case 'retry': {
        const { operation, attempt, cause } = observation;
        if (PUBLISHES.has(operation)) failedAtMs = clock.monotonicMs();
        logger.warn({ action: operation, attempt, err: cause }, 'NATS is asked again');
        return;
      }
      case 'consumer':
        return consumerHealth(observation);
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
};
