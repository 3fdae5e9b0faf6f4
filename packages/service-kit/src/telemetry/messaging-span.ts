/** Spans of NATS messages. Names and attributes: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ */
import { subjectTemplate } from '@ironlog/schemas';
import { type OpenSpan, openSpan, type Span, type SpanOptions, withSpan } from './span.ts';

/** A span's message. */
export interface Message {
  readonly subject: string;
  /** Its `Nats-Msg-Id`, or its stream and sequence; undefined while unknown. */
  readonly id: string | undefined;
}

/** The operation determines the kind. */
export type MessagingOptions = Omit<SpanOptions, 'kind' | 'attributes'> & Pick<SpanOptions, 'attributes'>;

/** The operation's name in NATS, its type in the conventions, and the span's kind. */
const OPERATIONS = {
  publish: { type: 'send', kind: 'producer' },
  process: { type: 'process', kind: 'consumer' },
} as const;

const spanOf = (
  operation: keyof typeof OPERATIONS,
  { subject, id }: Message,
  options: MessagingOptions,
): [name: string, options: SpanOptions] => {
  const { type, kind } = OPERATIONS[operation];
  // A subject contains ids; a span's name must not, so that names have low cardinality.
  const template = subjectTemplate(subject);
  return [
    template === undefined ? operation : `${operation} ${template}`,
    {
      ...options,
      kind,
      attributes: {
        'messaging.system': 'nats',
        'messaging.operation.name': operation,
        'messaging.operation.type': type,
        'messaging.destination.name': subject,
        ...(template !== undefined && { 'messaging.destination.template': template }),
        ...(id !== undefined && { 'messaging.message.id': id }),
        ...options.attributes,
      },
    },
  ];
};

/** For publishing a message, whose `traceparent` must be this span's. The caller must end it. */
export const openPublishSpan = (message: Message, options: MessagingOptions = {}): OpenSpan =>
  openSpan(...spanOf('publish', message, options));

/** Likewise, for the duration of `fn`. */
export const withPublishSpan = <T>(
  message: Message,
  options: MessagingOptions,
  fn: (span: Span) => T | Promise<T>,
): Promise<T> => withSpan(...spanOf('publish', message, options), fn);

/** For processing a message. `parent` is the message's own traceparent: the span is its child, and links to it. */
export const withProcessSpan = <T>(
  message: Message,
  options: MessagingOptions,
  fn: (span: Span) => T | Promise<T>,
): Promise<T> => {
  const links = [options.parent, ...(options.links ?? [])];
  return withSpan(...spanOf('process', message, { ...options, links }), fn);
};
