/** Whether the durable consumers that a service works through are there: readiness, a gauge, and a line at each change. */
import type { Runtime } from '../lifecycle/runtime.ts';

/** A durable consumer was looked for. */
export interface ConsumerObservation {
  readonly stream: string;
  readonly durable: string;
  readonly found: boolean;
}

/**
 * One that is missing turns readiness red, in every instance of the service, though each of them still answers: it is a
 * work list that nobody makes anew but the provisioner. What is promised meanwhile (a 202 for a create that waits, a
 * message on the NATS door, a failure to be put right) is taken up by nobody, and nothing else would show it (P8).
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
      if (missing.delete(durable)) logger.info({ stream, durable }, 'a durable consumer is there again');
      return;
    }
    const reason = `${stream} has no consumer ${durable}: nobody works through it until it is provisioned again`;
    health.set(durable, { ok: false, reason });
    if (!missing.has(durable)) logger.warn({ stream, durable, reason }, 'a durable consumer is missing');
    missing.add(durable);
  };
};
