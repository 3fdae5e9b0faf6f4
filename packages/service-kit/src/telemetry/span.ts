/** Spans for tracing on or off; off, they cost almost nothing. In both cases the trace id passes from cause to effect. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { MsgHdrs } from '@nats-io/transport-node';
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { isTraceparent, newTraceparent } from './traceparent.ts';

const HEADER = 'traceparent';
const TRACER = '@ironlog/service-kit';

// With tracing off the OpenTelemetry API keeps no context; this does, so that nested spans still share a trace id.
const carried = new AsyncLocalStorage<Carried>();

/** The command that causes the work, and the operation at the root of its chain. */
export interface CommandIds {
  readonly commandId: string;
  readonly operationId: string;
}

interface Carried {
  readonly traceparent: string;
  readonly command: CommandIds | undefined;
}

const format = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;

const parse = (traceparent: string): SpanContext => {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
};

/** What the work inside a span may use. */
export interface Span {
  /** Written to events, commands and headers that this work causes. Always valid. */
  readonly traceparent: string;
  set(attributes: Attributes): void;
  /** Marks the span as failed, for failures that are values and not exceptions. */
  fail(reason: string): void;
}

/** A span that is longer than one function call: its opener must end it. */
export interface OpenSpan extends Span {
  /** Runs `fn`, and the work that it starts, in this span. */
  run<T>(fn: () => T): T;
  end(): void;
}

/** Settings of `openSpan` and `withSpan`. */
export interface SpanOptions {
  readonly attributes?: Attributes;
  /** The traceparent of the cause; an invalid one (it may come from a client) is ignored. Default: the active span. */
  readonly parent?: string | undefined;
  /** Traceparents of related spans other than the parent; undefined ones are ignored. */
  readonly links?: readonly (string | undefined)[];
  /** The command of this span and of every span within it. Default: the active span's, unless a parent is given. */
  readonly command?: CommandIds | undefined;
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** A name without a namespace gets ours: `vmId` is `ironlog.vm_id`, by OpenTelemetry's naming rules. */
const namespaced = (attributes: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name.includes('.') ? name : `ironlog.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      value,
    ]),
  );

const parentContext = (parent: string | undefined): Context => {
  if (isTraceparent(parent)) return trace.setSpanContext(ROOT_CONTEXT, parse(parent));
  const active = context.active();
  if (trace.getSpanContext(active) !== undefined) return active;
  const carriedParent = carried.getStore()?.traceparent;
  return carriedParent === undefined ? active : trace.setSpanContext(active, parse(carriedParent));
};

/** The traceparent of the current work, or undefined outside any `withSpan`. */
export const activeTraceparent = (): string | undefined => {
  const active = trace.getActiveSpan()?.spanContext();
  return active !== undefined && isSpanContextValid(active) ? format(active) : carried.getStore()?.traceparent;
};

/** Runs `fn`, and the work that it starts, outside of any span: its log lines have no trace. */
export const outsideSpans = <T>(fn: () => T): T => context.with(ROOT_CONTEXT, () => carried.exit(fn));

const linksOf = (traceparents: readonly (string | undefined)[]): Link[] =>
  traceparents.filter(isTraceparent).map((traceparent) => ({ context: parse(traceparent) }));

/** With tracing off, the parent's traceparent is passed through, or a new one made when there is none. */
export const openSpan = (name: string, settings: SpanOptions): OpenSpan => {
  const { attributes = {}, parent, links = [], kind = 'internal' } = settings;
  const within = parentContext(parent);
  const command = settings.command ?? (parent === undefined ? carried.getStore()?.command : undefined);
  const options = {
    attributes: namespaced({ ...attributes, ...command }),
    links: linksOf(links),
    kind: KINDS[kind],
  };
  const span = trace.getTracer(TRACER).startSpan(name, options, within);
  const own = span.spanContext();
  const traceparent = isSpanContextValid(own) ? format(own) : newTraceparent();
  return {
    traceparent,
    set: (more) => void span.setAttributes(namespaced(more)),
    fail: (message) => void span.setStatus({ code: SpanStatusCode.ERROR, message }),
    run: (fn) => carried.run({ traceparent, command }, () => context.with(trace.setSpan(within, span), fn)),
    end: () => span.end(),
  };
};

/** Runs `fn` inside a span, which ends with `fn`; an error of `fn` is recorded and rethrown. */
export const withSpan = async <T>(
  name: string,
  options: SpanOptions,
  fn: (span: Span) => T | Promise<T>,
): Promise<T> => {
  const span = openSpan(name, options);
  try {
    return await span.run(() => fn(span));
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    span.set({ 'error.type': error.name });
    span.fail(error.message);
    throw cause;
  } finally {
    span.end();
  }
};

/** Writes `traceparent`, by default the active one, into a NATS message's headers. */
export const injectTraceparent = (headers: MsgHdrs, traceparent = activeTraceparent()): void => {
  if (traceparent !== undefined) headers.set(HEADER, traceparent);
};

/** The traceparent in a NATS message's headers, if there is a valid one. */
export const extractTraceparent = (headers: MsgHdrs | undefined): string | undefined => {
  const value = headers?.get(HEADER);
  return isTraceparent(value) ? value : undefined;
};
