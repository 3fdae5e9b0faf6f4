// Whether every durable consumer has ended all its messages.
import { executorConsumer, gatewayConsumers, recoveryConsumer } from '@ironlog/event-log';
import { inboxPrefix } from '@ironlog/infra';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { TestPlane } from '../harness/plane.ts';

const USER = 'provisioner';

export const nothingOpen = async ({ plane: { nats, hosts } }: TestPlane): Promise<boolean> => {
  const pass = nats.credentials.passwordOf(USER);
  const connection = await connect({ servers: nats.url, user: USER, pass, inboxPrefix: inboxPrefix(USER) });
  try {
    const manager = await jetstreamManager(connection);
    const durables = [...Object.values(gatewayConsumers), recoveryConsumer, ...hosts.map(executorConsumer)];
    const infos = await Promise.all(
      durables.map(({ stream, config }) => manager.consumers.info(stream, config.durable_name)),
    );
    return infos.every(({ num_ack_pending, num_pending }) => num_ack_pending + num_pending === 0);
  } finally {
    await connection.close();
  }
};
