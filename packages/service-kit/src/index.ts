/** Shared by all services: start and stop, configuration, logs, metrics, traces, health, NATS, tokens. */

export type { Environment } from './config/config.ts';
export { ConfigError, loadConfig, metaOf } from './config/config.ts';
export {
  hostEnvironment,
  httpEnvironment,
  integer,
  logEnvironment,
  natsEnvironment,
  optionalInteger,
  processEnvironment,
  readModelEnvironment,
  stateEnvironment,
} from './config/environment.ts';
export { nearestName } from './config/nearest-name.ts';
export { Secret, secretString } from './config/secret.ts';
export type { Fail, FailpointConfig } from './lifecycle/failpoints.ts';
export { createFailpoints, failpointSchema } from './lifecycle/failpoints.ts';
export type { Check, Health, HealthReport } from './lifecycle/health.ts';
export { createHealth } from './lifecycle/health.ts';
export { createLifecycle } from './lifecycle/lifecycle.ts';
export type { OpsServer } from './lifecycle/ops-server.ts';
export { startOpsServer } from './lifecycle/ops-server.ts';
export type { RunOptions, Service } from './lifecycle/run.ts';
export { run } from './lifecycle/run.ts';
export type { Runtime, RuntimeOptions } from './lifecycle/runtime.ts';
export { createRuntime } from './lifecycle/runtime.ts';
export type { SelfStop, ServiceEnd } from './lifecycle/self-stop.ts';
export { createSelfStop, ExitCode } from './lifecycle/self-stop.ts';
export { observeLog } from './nats/event-log-observer.ts';
export { openNats } from './nats/open-nats.ts';
export { checkStreams } from './nats/stream-health.ts';
export type { Logger, LogLevel } from './telemetry/log.ts';
export { createLogger } from './telemetry/log.ts';
export type { Message } from './telemetry/messaging-span.ts';
export { openPublishSpan, withProcessSpan, withPublishSpan } from './telemetry/messaging-span.ts';
export type { MetricName } from './telemetry/metric-table.ts';
export { METRICS } from './telemetry/metric-table.ts';
export type { Metrics, MetricsOptions } from './telemetry/metrics.ts';
export { createMetrics } from './telemetry/metrics.ts';
export type { CommandIds, OpenSpan, Span, SpanOptions } from './telemetry/span.ts';
export {
  activeTraceparent,
  extractTraceparent,
  injectTraceparent,
  openSpan,
  outsideSpans,
  withSpan,
} from './telemetry/span.ts';
export { tracePublish } from './telemetry/trace-publish.ts';
export { isTraceparent, newTraceparent } from './telemetry/traceparent.ts';
export type { Tracing } from './telemetry/tracing.ts';
export { startTracing } from './telemetry/tracing.ts';
export type { Clock, ManualClock } from './time/clock.ts';
export { createManualClock, systemClock } from './time/clock.ts';
export type { Deadline } from './time/deadline.ts';
export { createDeadline } from './time/deadline.ts';
export type { Attempt, Backoff } from './time/retry.ts';
export { backoffMs, delay, retry } from './time/retry.ts';
export type { ClockOffset } from './time/stream-clock.ts';
export type { StreamTime } from './time/stream-time.ts';
export { followStreamTime, startStreamTime } from './time/stream-time.ts';
export type { Role, TokenEntry } from './tokens/token-file.ts';
export { hashToken, newToken, writeTokenFile } from './tokens/token-file.ts';
export type { Authentication, Principal, Tokens } from './tokens/tokens.ts';
export { openTokens } from './tokens/tokens.ts';
