/** What every Ironlog service stands on: start and stop, configuration, logs, metrics, traces, health, NATS, tokens. */

export type { Clock, ManualClock } from './clock.ts';
export { createManualClock, systemClock } from './clock.ts';
export type { Environment } from './config.ts';
export { ConfigError, loadConfig, metaOf } from './config.ts';
export type { Deadline } from './deadline.ts';
export { createDeadline } from './deadline.ts';
export type { Ending, ServiceEnd } from './ending.ts';
export { createEnding, ExitCode } from './ending.ts';
export {
  hostEnvironment,
  httpEnvironment,
  logEnvironment,
  natsEnvironment,
  optionalWhole,
  readModelEnvironment,
  stateEnvironment,
  whole,
} from './environment.ts';
export type { Fail, FailpointConfig } from './failpoints.ts';
export { createFailpoints, failpointSchema } from './failpoints.ts';
export type { Check, Health, HealthReport } from './health.ts';
export { createHealth } from './health.ts';
export { createLife } from './life.ts';
export type { Logger, LogLevel } from './log.ts';
export { createLogger } from './log.ts';
export { observeLog } from './log-observer.ts';
export type { MetricName } from './metric-table.ts';
export { METRICS } from './metric-table.ts';
export type { Metrics, MetricsOptions } from './metrics.ts';
export { createMetrics } from './metrics.ts';
export { nearestName } from './nearest-name.ts';
export { openNats } from './open-nats.ts';
export type { OpsServer } from './ops-server.ts';
export { startOpsServer } from './ops-server.ts';
export type { Attempt, Backoff } from './retry.ts';
export { backoffMs, delay, retry } from './retry.ts';
export type { RunOptions, Service } from './run.ts';
export { run } from './run.ts';
export type { Runtime, RuntimeOptions } from './runtime.ts';
export { createRuntime } from './runtime.ts';
export { Secret, secretString } from './secret.ts';
export type { OpenSpan, Span, SpanOptions } from './span.ts';
export { activeTraceparent, extractTraceparent, injectTraceparent, openSpan, withSpan } from './span.ts';
export type { Role, TokenEntry } from './token-file.ts';
export { hashToken, newToken, writeTokenFile } from './token-file.ts';
export type { Authentication, Principal, Tokens } from './tokens.ts';
export { openTokens } from './tokens.ts';
export { isTraceparent, newTraceparent } from './traceparent.ts';
export type { Tracing } from './tracing.ts';
export { startTracing } from './tracing.ts';
