/** Turns OpenTelemetry traces on when the standard OTEL_* variables name a collector; else its SDK is not even loaded. */
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import type { Environment } from './config.ts';
import type { Logger } from './log.ts';

const FLUSH_TIMEOUT_MS = 2000;

/** Tracing of this process. */
export interface Tracing {
  readonly on: boolean;
  /** Sends the spans that are still in memory, within two seconds, and stops. Never rejects: what fails is logged. */
  stop(): Promise<void>;
}

/** What `startTracing` needs. */
export interface TracingOptions {
  /** `service.name` of the spans, unless OTEL_SERVICE_NAME says another. */
  readonly service: string;
  readonly env: Environment;
  readonly logger: Logger;
}

const wanted = (env: Environment): boolean =>
  Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) &&
  env.OTEL_SDK_DISABLED?.trim().toLowerCase() !== 'true' &&
  env.OTEL_TRACES_EXPORTER?.trim() !== 'none';

// The SDK would print to the console, between our JSON lines.
const diagnostics = (logger: Logger): DiagLogger => ({
  error: (message) => logger.error({ code: 'otel', reason: message }, 'OpenTelemetry reports an error'),
  warn: (message) => logger.warn({ code: 'otel', reason: message }, 'OpenTelemetry warns'),
  info: () => undefined,
  debug: () => undefined,
  verbose: () => undefined,
});

// While a hypervisor starts it is pinged every few milliseconds: hundreds of failed calls that are nobody's request.
const isPing = ({ path }: { readonly path: string }): boolean => path.endsWith('/vmm.ping');

const flush = async (shutdown: () => Promise<void>, logger: Logger): Promise<void> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no end within ${FLUSH_TIMEOUT_MS} ms`)), FLUSH_TIMEOUT_MS);
  try {
    await Promise.race([shutdown(), late.promise]);
  } catch (err) {
    logger.warn({ err }, 'the last spans may be lost: the collector did not take them');
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Call once per process, before the service is created: a second SDK would send two traceparents.
 * The SDK reads the other OTEL_* variables (protocol, headers, sampler, batch sizes) itself, from the process.
 */
export const startTracing = async ({ service, env, logger }: TracingOptions): Promise<Tracing> => {
  if (!wanted(env)) return { on: false, stop: async () => undefined };
  // The static import costs 28 MB a service (measured), hence here.
  const [{ startNodeSdk }, { UndiciInstrumentation }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/instrumentation-undici'),
  ]);
  const sdk = startNodeSdk({
    ...(env.OTEL_SERVICE_NAME ? {} : { resourceAttributes: { 'service.name': service } }),
    instrumentations: [new UndiciInstrumentation({ ignoreRequestHook: isPing })],
    // Metrics go to Prometheus and logs to standard output.
    metricReaders: [],
    logRecordProcessors: [],
    logLevel: 'error',
  });
  diag.setLogger(diagnostics(logger), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  logger.info({ code: 'tracing-on' }, 'traces are sent over OTLP');
  return { on: true, stop: () => flush(sdk.shutdown, logger) };
};
