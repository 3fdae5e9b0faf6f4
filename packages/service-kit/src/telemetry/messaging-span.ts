/** Spans of NATS messages. Names and attributes: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ */
import { subjectTemplate } from '@ironlog/schemas';
import { type OpenSpan, openSpan, type Span, type SpanOptions, withSpan } from './span.ts';

/** The message that a span is about. */
export interface Message {
  readonly subject: string;
  /** Its `Nats-Msg-Id`, or what names it in its stream; undefined where it is not known yet. */
  readonly id: string | undefined;
}

/** The kind is the operation's. */
export type MessagingOptions = Omit<SpanOptions, 'kind' | 'attributes'> & Pick<SpanOptions, 'attributes'>;

/** The operation's name as NATS has it, its type as the conventions have it, and the span's kind. */
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
  // A subject holds ids, and a span's name must not: there are to be few names.
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

/** A message is put on NATS: its `traceparent` is to be this span's. Whoever opens it must end it. */
export const openPublishSpan = (message: Message, options: MessagingOptions = {}): OpenSpan =>
  openSpan(...spanOf('publish', message, options));

/** Likewise, for as long as `fn` takes. */
export const withPublishSpan = <T>(
  message: Message,
  options: MessagingOptions,
  fn: (span: Span) => T | Promise<T>,
): Promise<T> => withSpan(...spanOf('publish', message, options), fn);

/** A message is worked on. `parent` is the message's own traceparent: the span is its child, and links to it. */
export const withProcessSpan = <T>(
  message: Message,
  options: MessagingOptions,
  fn: (span: Span) => T | Promise<T>,
): Promise<T> => {
  const links = [options.parent, ...(options.links ?? [])];
  return withSpan(...spanOf('process', message, { ...options, links }), fn);
};
