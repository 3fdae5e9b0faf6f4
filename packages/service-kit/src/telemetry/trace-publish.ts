/** A span around each publish to WORK. The stored command carries that span's traceparent, so that its effects are child spans. */
import { type HostId, type WorkCommand, workMessageId, workSubject } from '@ironlog/schemas';
import { withPublishSpan } from './messaging-span.ts';

type Published = { readonly kind: 'stored' } | { readonly kind: 'unknown'; readonly cause: Error };

/** The traced method of a work queue. */
export type Publish<P extends Published> = (
  target: HostId | 'any',
  command: WorkCommand,
  signal?: AbortSignal,
) => Promise<P>;

/** `publish` in a span that is a child of the command's `traceparent`. */
export const tracePublish =
  <P extends Published>(publish: Publish<P>): Publish<P> =>
  (target, command, signal) => {
    const { tenant, subject: vmId, id, correlationid, traceparent: parent } = command;
    const { verb } = command.data.action;
    return withPublishSpan(
      { subject: workSubject(target, tenant, vmId, verb), id: workMessageId(command) },
      { parent, attributes: { tenant, vmId, verb }, command: { commandId: id, operationId: correlationid } },
      async ({ traceparent, set, fail }) => {
        const published: Published & P = await publish(target, { ...command, traceparent }, signal);
        if (published.kind === 'unknown') {
          set({ 'error.type': published.cause.name });
          fail(published.cause.message);
        }
        return published;
      },
    );
  };
