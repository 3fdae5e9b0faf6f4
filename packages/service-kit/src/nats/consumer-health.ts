/** Reports whether a service's durable consumers exist: in readiness, as a gauge, and in a log line at each change. */
import type { Runtime } from '../lifecycle/runtime.ts';

/** Whether a durable consumer was found. */
export interface ConsumerObservation {
  readonly stream: string;
  readonly durable: string;
  readonly found: boolean;
}

/**
 * A missing consumer makes every instance of the service not ready, though each still answers: only the provisioner can
 * recreate it. Until then nothing processes what was promised (a 202 for a waiting create, a message at the NATS
 * ingress, a failure to recover), and nothing else would show it (P8).
 */
export const createConsumerHealth = ({
  health,
  logger,
  metrics,
}: Pick<Runtime, 'health' | 'logger' | 'metrics'>): ((observation: ConsumerObservation) => void) => {
  const gauge = metrics.gauge('ironlog_consumer_found');
  const missing = new Set<string>();
  return ({ stream, durable, found }) => {
    gauge.set({ consumer: durable }, found ? 1 : 0);
    if (found) {
      health.set(durable, { ok: true });
      if (missing.delete(durable)) logger.info({ stream, durable }, 'a durable consumer exists again');
      return;
    }
    const reason = `${stream} has no consumer ${durable}: nothing processes it until it is provisioned again`;
    health.set(durable, { ok: false, reason });
    if (!missing.has(durable)) logger.warn({ stream, durable, reason }, 'a durable consumer is missing');
    missing.add(durable);
  };
};
