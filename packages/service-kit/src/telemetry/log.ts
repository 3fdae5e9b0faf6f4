/** JSON logs with a fixed list of fields, without credentials, and with the trace of each line. */
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { standardOutput } from './log-output.ts';
import { activeTraceparent } from './span.ts';

/** A pino logger; also fits Fastify's `loggerInstance`. */
export type Logger = PinoLogger;

/** From most to least verbose. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

// Any other field could carry a tenant's data or a credential: its value is replaced by DROPPED, so that the author
// notices it. Check that when you add a name.
const FIELDS: ReadonlySet<string> = new Set(
  `service host err tenant vmId hostId commandId eventId causationId correlationId operationId verb type state task
   revision epoch incarnation pid signal exitCode code reason action attempt attempts waitMs durationMs timeoutMs
   deadline sequence streamSequence expected actual lag count total bytes limit size pending stream consumer durable
   subject server serverNames version url address port path file generation table checkpoint name status method route
   requestId reqId responseTime ip role door outcome check checks ready level mode driver capability option residue
   actionRequired syncIntervalMs actor tokenId projection kind image cpus memoryMiB directory socket round backoffMs
   filter startBy detail processes vms hosts found resolution cause stage retryable forced bootMs offsetMs errorMs trace_id span_id`.split(
    /\s+/,
  ),
);

const DROPPED = '[dropped: not an allowed log field]';

const scalar = (value: unknown): boolean => value === null || typeof value !== 'object';

// An error's own properties are omitted: a library may have attached a whole request, with its headers.
const describe = (error: Error): Record<string, unknown> => ({
  type: error.name,
  message: error.message,
  ...('code' in error && scalar(error.code) ? { code: error.code } : {}),
  stack: error.stack,
  ...(error.cause instanceof Error ? { cause: describe(error.cause) } : {}),
});

const keep = (name: string, value: unknown): unknown => {
  if (!FIELDS.has(name)) return DROPPED;
  if (value instanceof Error) return describe(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.every(scalar) ? value : DROPPED;
  return scalar(value) ? value : DROPPED;
};

const allowed = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, keep(name, value)]));

// Last line of defence, for text composed elsewhere (an error's message or stack).
const scrub = (line: string): string =>
  line
    .replace(/\b(Bearer|Basic)(\s+)[^\s"\\]+/gi, '$1$2[secret]')
    .replace(/(:\/\/)[^\s"\\/@]+@/g, '$1[secret]@')
    .replace(/\b(password|token|secret)(=|\\":\s*\\")[^\s"\\&]+/gi, '$1$2[secret]');

// Also without tracing: an event's traceparent and an answer's traceId then lead to these lines.
const activeSpan = (): Record<string, string> => {
  const [, traceId, spanId] = activeTraceparent()?.split('-') ?? [];
  return traceId === undefined || spanId === undefined ? {} : { trace_id: traceId, span_id: spanId };
};

/** Settings of `createLogger`. */
export interface LogOptions {
  readonly service: string;
  readonly host?: string;
  readonly level?: LogLevel;
  /** The destination of lines; default: standard output, synchronous so that the last lines before an exit are not lost. */
  readonly to?: DestinationStream;
}

// pino drops the `bindings` formatter for child loggers (proto.js, `resetChildingsFormatter`), so children are filtered
// here. Children inherit from their parent, so this holds for grandchildren, too.
const filterChildren = (logger: Logger): Logger => {
  const child = logger.child;
  logger.child = function (this: Logger, bindings, options) {
    return child.call(this, allowed(bindings), options);
  } as typeof child;
  return logger;
};

/** A logger whose lines carry `service`, `host` if given, and trace ids while a span is active. */
export const createLogger = ({ service, host, level = 'info', to }: LogOptions): Logger =>
  filterChildren(
    pino(
      {
        level,
        base: host === undefined ? { service } : { service, host },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }), log: allowed },
        // `keep` has already described errors.
        serializers: { err: (value: unknown) => value },
        mixin: activeSpan,
        hooks: { streamWrite: scrub },
      },
      to ?? standardOutput,
    ),
  );
