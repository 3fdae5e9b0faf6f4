// The last command on a WORK subject, from the stream's leader, to route a declined command again.

import { STREAMS, type WorkCommand } from '@ironlog/schemas';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { readWorkCommand } from './place-waiting.ts';

export const lastWorkReader = async (
  connection: NatsConnection,
): Promise<(subject: string) => Promise<WorkCommand | undefined>> => {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  return async (subject) => {
    const message = await manager.streams.getMessage(STREAMS.work, { last_by_subj: subject });
    return message ? readWorkCommand(message.data) : undefined;
  };
};

/** The creation time of COMMANDS: part of the ids of messages without an own id. */
export const commandsCreatedAt = async (connection: NatsConnection): Promise<string> => {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  return (await manager.streams.info(STREAMS.commands)).created;
};
