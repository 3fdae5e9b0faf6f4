// Requests a VM's console from its host over NATS: `ironlog.rpc.<host>.console`, answered within two seconds or not at
// all.
import { consoleReplySchema, type HostId, SUBJECT_PREFIX } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { ConsoleAnswer, ConsoleQuestion } from './api.ts';

const TIMEOUT_MS = 2_000;

export interface ConsoleCallDeps {
  readonly connection: Pick<NatsConnection, 'request'>;
  readonly logger: Logger;
}

export const consoleCall = ({ connection, logger }: ConsoleCallDeps) => {
  /** Silent since the last answer; a host is logged once, however often it is asked. */
  const silent = new Set<HostId>();
  return async ({ host, ...question }: ConsoleQuestion): Promise<ConsoleAnswer> => {
    try {
      const message = await connection.request(`${SUBJECT_PREFIX}.rpc.${host}.console`, JSON.stringify(question), {
        timeout: TIMEOUT_MS,
      });
      const answer = answerOf(consoleReplySchema.parse(message.json()));
      silent.delete(host);
      return answer;
    } catch (err) {
      // The error of NATS or the schema is for operators; the tenant learns only that its host does not answer.
      if (!silent.has(host)) logger.warn({ err, hostId: host }, 'a host has given no console');
      silent.add(host);
      return { kind: 'unreachable' };
    }
  };
};

const answerOf = (reply: z.output<typeof consoleReplySchema>): ConsoleAnswer =>
  reply.ok ? { kind: 'text', base64: reply.text, sizeBytes: reply.size } : { kind: 'none', reason: reply.reason };
