// Asks a host for a VM's console over NATS: `ironlog.rpc.<host>.console`, answered within two seconds or not at all.
import { consoleReplySchema, SUBJECT_PREFIX } from '@ironlog/schemas';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConsoleAnswer, ConsoleQuestion } from './api.ts';

const TIMEOUT_MS = 2_000;

export const consoleCall =
  (connection: NatsConnection) =>
  async ({ host, ...question }: ConsoleQuestion): Promise<ConsoleAnswer> => {
    let reply: unknown;
    try {
      const message = await connection.request(`${SUBJECT_PREFIX}.rpc.${host}.console`, JSON.stringify(question), {
        timeout: TIMEOUT_MS,
      });
      reply = message.json();
    } catch (error) {
      return { kind: 'unreachable', reason: error instanceof Error ? error.message : String(error) };
    }
    const parsed = consoleReplySchema.safeParse(reply);
    if (!parsed.success) return { kind: 'unreachable', reason: 'its answer is not a console' };
    return parsed.data.ok
      ? { kind: 'text', base64: parsed.data.text, sizeBytes: parsed.data.size }
      : { kind: 'none', reason: parsed.data.reason };
  };
