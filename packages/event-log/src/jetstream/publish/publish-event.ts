// One conditional publish to EVENTS, and its answer, without a retry.
import { CLOUD_EVENTS_CONTENT_TYPE } from '@ironlog/schemas';
import { headers } from '@nats-io/transport-node';
import type { StoreAnswer, StoreRequest } from '../../event-store.ts';
import type { JetStreamDeps } from '../deps.ts';
import { failedPublish } from './failed-publish.ts';

export const publishEvent = async (
  deps: JetStreamDeps,
  stream: string,
  request: StoreRequest,
): Promise<StoreAnswer> => {
  const { subject, bytes, messageId, expectation } = request;
  const withType = headers();
  withType.set('Content-Type', CLOUD_EVENTS_CONTENT_TYPE);
  try {
    const ack = await deps.client.publish(subject, bytes, {
      msgID: messageId,
      headers: withType,
      timeout: deps.requestTimeoutMs,
      expect: {
        streamName: stream,
        ...(expectation && {
          lastSubjectSequence: expectation.lastSequence,
          lastSubjectSequenceSubject: expectation.filter,
        }),
      },
    });
    return { kind: ack.duplicate ? 'duplicate' : 'stored', sequence: ack.seq };
  } catch (error) {
    return failedPublish(subject, error);
  }
};
