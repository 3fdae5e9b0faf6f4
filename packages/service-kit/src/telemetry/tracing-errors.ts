/** What OpenTelemetry reports of itself, as log lines: where spans could not be sent to and why, once in a while and not at each batch. */
import type { DiagLogger } from '@opentelemetry/api';
import type { Clock } from '../time/clock.ts';
import type { Logger } from './log.ts';
import { outsideSpans } from './span.ts';

const AGAIN_AFTER_MS = 5 * 60_000;
/** More different texts than this are not told apart: memory is bounded. */
const MOST_TEXTS = 100;

/** What `tracingTrouble` needs. */
export interface TracingErrorsOptions {
  readonly logger: Pick<Logger, 'warn'>;
  /** Where spans are sent to. */
  readonly endpoint: string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** An exporter's error arrives as JSON, with a stack of the HTTP client's. */
const inWords = (message: string): string => {
  try {
    const parsed: unknown = JSON.parse(message);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed) return String(parsed.message);
  } catch {
    // Words already.
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
    // It is reported within whatever request comes along, whose trace has nothing to do with it.
    outsideSpans(() =>
      logger.warn({ code: 'otel', reason }, `traces may be lost: see whether a collector listens at ${endpoint}`),
    );
  };
  const nothing = (): void => undefined;
  return { error: report, warn: report, info: nothing, debug: nothing, verbose: nothing };
};
