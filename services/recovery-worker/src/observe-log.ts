// What the event log and the work queue tell of themselves, as metrics, log lines and readiness.
import type { Observe } from '@ironlog/event-log';
import { createConsumerHealth, type Runtime } from '@ironlog/service-kit';

/** After a publish that had to be repeated, readiness stays red this long: a full disk is silent but for its timeouts. */
const RED_FOR_MS = 10_000;

export const observeLog = ({ metrics, logger, health, clock }: Runtime): Observe => {
  const duration = metrics.histogram('ironlog_log_append_duration_seconds');
  const conflicts = metrics.counter('ironlog_log_append_conflicts_total');
  const unknown = metrics.counter('ironlog_log_append_unknown_total');
  const lookedFor = createConsumerHealth({ health, logger, metrics });
  let failedAtMs = Number.NEGATIVE_INFINITY;
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
        if (operation === 'publish' || operation === 'append') failedAtMs = clock.monotonicMs();
        logger.warn({ action: operation, attempt, err: cause }, 'NATS is asked again');
        return;
      }
      case 'consumer':
        return lookedFor(observation);
      case 'hole':
        logger.error({ expected: observation.after + 1, actual: observation.next }, 'EVENTS has a hole');
        return;
      default:
        observation satisfies never;
    }
  };
};
