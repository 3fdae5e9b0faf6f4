/** Logs OpenTelemetry's own errors: where spans could not be sent to and why, at a limited rate. */
import type { DiagLogger } from '@opentelemetry/api';
import type { Clock } from '../time/clock.ts';
import type { Logger } from './log.ts';
import { outsideSpans } from './span.ts';

const AGAIN_AFTER_MS = 5 * 60_000;
/** The limit of distinct texts: bounds the memory. */
const MOST_TEXTS = 100;

/** The options of `tracingErrors`. */
export interface TracingErrorsOptions {
  readonly logger: Pick<Logger, 'warn'>;
  /** The address that spans are sent to. */
  readonly endpoint: string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** An exporter's error is JSON with a stack of the HTTP client. */
const inWords = (message: string): string => {
  try {
    const parsed: unknown = JSON.parse(message);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed) return String(parsed.message);
  } catch {
    // Plain text already.
  }
  return message;
};

/** The SDK would print to the console, between our JSON lines. */
export const tracingErrors = ({ logger, endpoint, clock }: TracingErrorsOptions): DiagLogger => {
  const reportedAt = new Map<string, number>();
  const report = (message: string): void => {
    const reason = inWords(message);
    const before = reportedAt.get(reason);
    const now = clock.monotonicMs();
    if (before !== undefined && now - before < AGAIN_AFTER_MS) return;
    if (reportedAt.size >= MOST_TEXTS) reportedAt.clear();
    reportedAt.set(reason, now);
    // The error is raised within an arbitrary request, whose trace is unrelated.
    outsideSpans(() =>
      logger.warn({ code: 'otel', reason }, `traces may be lost: see whether a collector listens at ${endpoint}`),
    );
  };
  const nothing = (): void => undefined;
  return { error: report, warn: report, info: nothing, debug: nothing, verbose: nothing };
};
