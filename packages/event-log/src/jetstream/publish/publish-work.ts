// Puts an accepted command on WORK: stored (P1), or unknown because the caller gave up waiting.
import {
  CLOUD_EVENTS_CONTENT_TYPE,
  type HostId,
  PROBE_SUBJECT,
  type WorkCommand,
  workMessageId,
  workSubject,
} from '@ironlog/schemas';
import { headers } from '@nats-io/transport-node';
import { unlessAborted } from '../../abort.ts';
import { APPEND_BACKOFF, backoffMs, pause } from '../../backoff.ts';
import { asError } from '../../errors.ts';
import type { PublishResult } from '../../queue-port.ts';
import type { JetStreamDeps } from '../deps.ts';
import { failedPublish } from './failed-publish.ts';

export interface WorkRequest {
  readonly stream: string;
  readonly target: HostId | 'any';
  readonly command: WorkCommand;
  readonly signal: AbortSignal | undefined;
}

export const publishWork = async (deps: JetStreamDeps, request: WorkRequest): Promise<PublishResult> => {
  const bytes = new TextEncoder().encode(JSON.stringify(request.command));
  let cause = new Error('aborted before the first attempt');
  for (let attempt = 1; ; attempt++) {
    if (request.signal?.aborted) return { kind: 'unknown', cause };
    const answer = await unlessAborted(publishOnce(deps, request, bytes), request.signal, gaveUp);
    if (answer.kind === 'stored') {
      deps.observe({ kind: 'stored' });
      return answer;
    }
    if (answer.closed) return { kind: 'unknown', cause: answer.cause };
    cause = answer.cause;
    deps.observe({ kind: 'retry', operation: 'publish', attempt, cause });
    await pause(backoffMs(attempt, APPEND_BACKOFF), request.signal);
  }
};

type Attempt =
  | Extract<PublishResult, { kind: 'stored' }>
  | { readonly kind: 'unknown'; readonly cause: Error; readonly closed: boolean };

const gaveUp = (reason: unknown): Attempt => ({ kind: 'unknown', cause: asError(reason), closed: false });

const publishOnce = async (
  deps: JetStreamDeps,
  { stream, target, command }: WorkRequest,
  bytes: Uint8Array,
): Promise<Attempt> => {
  const subject = workSubject(target, command.tenant, command.subject, command.data.action.verb);
  const withType = headers();
  withType.set('Content-Type', CLOUD_EVENTS_CONTENT_TYPE);
  try {
    const ack = await deps.client.publish(subject, bytes, {
      msgID: workMessageId(command),
      headers: withType,
      timeout: deps.requestTimeoutMs,
      expect: { streamName: stream },
    });
    return { kind: 'stored', sequence: ack.seq, duplicate: ack.duplicate };
  } catch (error) {
    const failed = failedPublish(subject, error);
    return { kind: 'unknown', cause: failed.cause, closed: failed.kind === 'unknown' && failed.closed };
  }
};

/**
 * Stores one message on WORK that is no command, to check that the stream accepts writes: after a failed write, a stream of
 * nats-server refuses all others until nats-server restarts. Rejects with the error of the publish.
 */
export const probeWork = async (deps: JetStreamDeps, stream: string): Promise<void> => {
  await deps.client.publish(PROBE_SUBJECT, '', { timeout: deps.requestTimeoutMs, expect: { streamName: stream } });
  deps.observe({ kind: 'stored' });
};
