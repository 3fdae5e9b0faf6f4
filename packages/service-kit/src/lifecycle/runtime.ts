/** A service's runtime, prepared by `run`; a test may replace each part. */

import { createLogger, type Logger, type LogLevel } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { type Clock, systemClock } from '../time/clock.ts';
import { createHealth, type Health } from './health.ts';

/** The runtime of one service instance. Nothing in it is global, so several run in one process. */
export interface Runtime {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly clock: Clock;
  /** Aborted when the service is to stop; ends waits during `start`. */
  readonly signal: AbortSignal;
}

/** The options of `createRuntime`: any part of a runtime, and settings for the others. */
export interface RuntimeOptions extends Partial<Runtime> {
  readonly logLevel?: LogLevel;
  /** The host id on every log line. */
  readonly host?: string;
  /** Measure the process too; see `MetricsOptions.process`. */
  readonly processMetrics?: boolean;
}

/** Fills in the missing parts. `service` is the name in logs and metrics. */
export const createRuntime = (service: string, options: RuntimeOptions = {}): Runtime => {
  const { logLevel = 'info', host, processMetrics = false } = options;
  return {
    logger: options.logger ?? createLogger({ service, level: logLevel, ...(host === undefined ? {} : { host }) }),
    metrics: options.metrics ?? createMetrics({ service, process: processMetrics }),
    health: options.health ?? createHealth(),
    clock: options.clock ?? systemClock,
    signal: options.signal ?? new AbortController().signal,
  };
};
