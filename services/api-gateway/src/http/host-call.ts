// Asks a host something over NATS (`ironlog.rpc.<host>.<what>`); a host that does not answer in time is unreachable.
import { type HostId, SUBJECT_PREFIX } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';

export interface HostCallDeps {
  readonly connection: Pick<NatsConnection, 'request'>;
  readonly logger: Logger;
}

export interface HostQuestion {
  readonly host: HostId;
  readonly question: object;
  readonly withinMs: number;
}

/** `undefined`: no answer, or none that `reply` describes. One line tells of a host's silence, until it answers again. */
export const hostCall = <Reply extends z.ZodType>({ connection, logger }: HostCallDeps, what: string, reply: Reply) => {
  const silent = new Set<HostId>();
  return async ({ host, question, withinMs }: HostQuestion): Promise<z.output<Reply> | undefined> => {
    try {
      const subject = `${SUBJECT_PREFIX}.rpc.${host}.${what}`;
      const message = await connection.request(subject, JSON.stringify(question), { timeout: withinMs });
      const answer = reply.parse(message.json());
      silent.delete(host);
      return answer;
    } catch (err) {
      // What NATS's client or the schema says is for operators; the tenant is told that its host does not answer.
      if (!silent.has(host)) logger.warn({ err, hostId: host, what }, 'a host has not answered');
      silent.add(host);
      return undefined;
    }
  };
};
