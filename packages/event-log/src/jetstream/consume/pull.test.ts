// The client may report pending messages when there are none: received messages must still be delivered.
import type { Consumer, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { pull } from './pull.ts';

const silence = new Promise<never>(() => undefined);
const nothing = async function* (): AsyncGenerator<never> {};

/** Delivers the messages, then none, and reports one pending message too many, as the client does after its own notice. */
const overcounting = (sequences: readonly number[]): Consumer => {
  let left = sequences.length;
  const messages = {
    getPending: () => left + 1,
    stop: () => undefined,
    status: nothing,
    async *[Symbol.asyncIterator]() {
      for (const seq of sequences) {
        left -= 1;
        yield { seq } as JsMsg;
      }
      await silence;
    },
  };
  return { consume: async () => messages } as unknown as Consumer;
};

test('the last message before a pause is not delayed until the next one', async () => {
  const messages = pull({
    connection: { status: nothing } as unknown as NatsConnection,
    consumer: overcounting([1, 2, 3]),
    maxMessages: 100,
    signal: new AbortController().signal,
  });
  const seen: number[] = [];
  for await (const { seq } of messages) {
    seen.push(seq);
    if (seen.length === 3) break;
  }
  expect(seen).toEqual([1, 2, 3]);
}, 5_000);
