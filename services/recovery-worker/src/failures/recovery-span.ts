// The span of recovery from a failure or a stop: in the trace of its cause, with a link to the command before it.
import type { Vm } from '@ironlog/domain';
import { vmEventType } from '@ironlog/schemas';
import { type CommandIds, type Span, withProcessSpan, withSpan } from '@ironlog/service-kit';
import type { Cause } from './cause.ts';

export interface Answer {
  readonly cause: Cause;
  /** Its latest state. */
  readonly vm: Vm;
  /** The span's name if the cause was not delivered as a message. */
  readonly name: string;
  /** The command sent, or the one that was abandoned. */
  readonly command: CommandIds | undefined;
  readonly attributes: Readonly<Record<string, string | number>>;
}

const traceIdOf = (traceparent: string | undefined): string | undefined => traceparent?.split('-')[1];

/** The trace that changed the VM last, unless the cause belongs to it. */
const lastCommandOf = ({ commandTraceparent }: Vm, { traceparent }: Cause): string | undefined =>
  traceIdOf(commandTraceparent) === traceIdOf(traceparent) ? undefined : commandTraceparent;

export const withRecoverySpan = <T>(
  { cause, vm, name, command, attributes }: Answer,
  fn: (span: Span) => Promise<T>,
): Promise<T> => {
  const options = {
    parent: cause.traceparent,
    links: [lastCommandOf(vm, cause)],
    command,
    attributes: { ...attributes, 'cloudevents.event_type': vmEventType(cause.name) },
  };
  return cause.message === undefined
    ? withSpan(name, { ...options, links: [cause.traceparent, ...options.links] }, fn)
    : withProcessSpan({ subject: cause.message.subject, id: cause.id }, options, fn);
};
