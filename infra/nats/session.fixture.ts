// A connection to a test's nats-server as one of its users, which records the server's refusals.
import { setImmediate as turn } from 'node:timers/promises';
import { connect, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { inboxPrefix } from './accounts.ts';
import type { NatsProcess } from './nats-process.ts';

export interface Session {
  readonly connection: NatsConnection;
  /** Publishes, and returns whether the server allowed it. */
  mayPublish(subject: string, options?: { readonly reply?: string }): Promise<boolean>;
  maySubscribe(subject: string): Promise<boolean>;
}

export const openSession = async (server: Pick<NatsProcess, 'url' | 'credentials'>, user: string): Promise<Session> => {
  const connection = await connect({
    servers: server.url,
    user,
    pass: server.credentials.passwordOf(user),
    // A tenant's client sets only URL, user and password.
    ...(!user.startsWith('client-') && { inboxPrefix: inboxPrefix(user) }),
    reconnect: false,
  });
  let refusals = 0;
  void (async () => {
    for await (const status of connection.status())
      if (status.type === 'error' && status.error instanceof PermissionViolationError) refusals += 1;
  })();
  const accepted = async (act: () => void): Promise<boolean> => {
    const before = refusals;
    act();
    // The server answers in order: a refusal comes before the answer to the flush.
    await connection.flush();
    await turn();
    return refusals === before;
  };
  return {
    connection,
    mayPublish: (subject, options) => accepted(() => connection.publish(subject, '{}', options)),
    maySubscribe: (subject) =>
      accepted(() => {
        // The refusal is also this subscription's error; it is counted above.
        connection.subscribe(subject, { callback: () => undefined });
      }),
  };
};
