/** Starts OpenTelemetry traces when the standard OTEL_* variables name a collector; otherwise its SDK is not loaded. */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { Environment } from '../config/config.ts';
import { systemClock } from '../time/clock.ts';
import type { Logger } from './log.ts';
import { tracingErrors } from './tracing-errors.ts';

const FLUSH_TIMEOUT_MS = 2000;

/** Tracing of this process. */
export interface Tracing {
  readonly on: boolean;
  /** Sends the spans still in memory, within two seconds, and stops. Never rejects: a failure is logged. */
  stop(): Promise<void>;
}

/** The options of `startTracing`. */
export interface TracingOptions {
  /** `service.name` of the spans, unless OTEL_SERVICE_NAME is set. */
  readonly service: string;
  readonly env: Environment;
  readonly logger: Logger;
}

const endpointIn = (env: Environment): string =>
  env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT || '';

const wanted = (env: Environment): boolean =>
  endpointIn(env) !== '' &&
  env.OTEL_SDK_DISABLED?.trim().toLowerCase() !== 'true' &&
  env.OTEL_TRACES_EXPORTER?.trim() !== 'none';

const flush = async (shutdown: () => Promise<void>, logger: Logger): Promise<void> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no end within ${FLUSH_TIMEOUT_MS} ms`)), FLUSH_TIMEOUT_MS);
  try {
    await Promise.race([shutdown(), late.promise]);
  } catch (err) {
    logger.warn({ err }, 'the last spans may be lost: the collector did not accept them');
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Call once per process, before the service is created.
 * The SDK reads the other OTEL_* variables (protocol, headers, sampler, batch sizes) itself, from the process.
 */
export const startTracing = async ({ service, env, logger }: TracingOptions): Promise<Tracing> => {
  if (!wanted(env)) return { on: false, stop: async () => undefined };
  // The static import costs 28 MB a service (measured), hence here.
  const { startNodeSdk } = await import('@opentelemetry/sdk-node');
  const sdk = startNodeSdk({
    ...(env.OTEL_SERVICE_NAME ? {} : { resourceAttributes: { 'service.name': service } }),
    // Every span is one that a service opens: a library's would come with every poll and health check.
    instrumentations: [],
    // Metrics go to Prometheus and logs to standard output.
    metricReaders: [],
    logRecordProcessors: [],
    logLevel: 'error',
  });
  const endpoint = endpointIn(env);
  const tracingErrorLog = tracingErrors({ logger, endpoint, clock: systemClock });
  diag.setLogger(tracingErrorLog, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  logger.info({ code: 'tracing-on' }, `traces are sent over OTLP to ${endpoint}`);
  return { on: true, stop: () => flush(sdk.shutdown, logger) };
};
