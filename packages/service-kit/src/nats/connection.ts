/** A NATS connection that is verified to be to our server and reconnects by itself; a final failure is reported. */
import { AuthorizationError, connect, type NatsConnection } from '@nats-io/transport-node';
import { ConfigError } from '../config/config.ts';
import type { NatsSettings } from '../config/environment.ts';
import { type Attempt, delay, retry } from '../time/retry.ts';
import { type NatsDeps, watchConnection, wrongServer } from './connection-status.ts';

const CONNECT_TIMEOUT_MS = 5000;
// With the client's default of two minutes a half-open connection would go unnoticed for four.
const PING_INTERVAL_MS = 5000;
const MAX_RECONNECT_WAIT_MS = 1000;

/** An open connection and its close function. */
export interface NatsLink {
  readonly connection: NatsConnection;
  /** Lets subscriptions finish and flushes what is published, for at most `timeoutMs` (default 3000), then closes. Never rejects. */
  drain(timeoutMs?: number): Promise<void>;
}

const attemptConnect = async (settings: NatsSettings, name: string): Promise<Attempt<NatsConnection>> => {
  try {
    const value = await connect({
      servers: [...settings.urls],
      user: settings.user,
      pass: settings.password.reveal(),
      name,
      // Permissions allow each user only its own inboxes (P9).
      inboxPrefix: `_INBOX_${settings.user}`,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => 50 + Math.random() * MAX_RECONNECT_WAIT_MS,
      // Only the configured servers are ours; gossip must not add others.
      ignoreClusterUpdates: true,
      // A stack trace per request costs more than it is worth.
      noAsyncTraces: true,
    });
    return { kind: 'done', value };
  } catch (cause) {
    if (cause instanceof AuthorizationError) {
      throw new ConfigError(
        `NATS at ${settings.urls.join(', ')} refuses user ${settings.user}: check IRONLOG_NATS_USER, ` +
          'IRONLOG_NATS_PASSWORD and whether that address is the expected server',
        { cause },
      );
    }
    return { kind: 'again', cause };
  }
};

/**
 * Connects, waiting without limit for a server; the readiness check `nats` follows the connection.
 * @throws ConfigError when the server refuses our user or is not one of `settings.serverNames`;
 * the signal's reason when aborted.
 */
export const connectNats = async (deps: NatsDeps): Promise<NatsLink> => {
  const { settings, name, runtime } = deps;
  const { logger, health, metrics, signal } = runtime;
  const connected = metrics.gauge('ironlog_nats_connected');
  connected.set(0);
  health.set('nats', { ok: false, reason: `not connected yet to ${settings.urls.join(', ')}` });

  const connection = await retry(
    {
      backoff: { baseMs: 100, maxMs: 2000 },
      signal,
      onAgain: ({ attempt, waitMs, cause }) =>
        logger.warn({ attempt, waitMs, err: cause, server: settings.urls.join(',') }, 'NATS does not answer yet'),
    },
    () => attemptConnect(settings, name),
  );
  const wrong = wrongServer(connection, settings.serverNames);
  if (wrong !== undefined || signal.aborted) {
    await connection.close();
    signal.throwIfAborted();
    throw new ConfigError(`${wrong}; check IRONLOG_NATS_URL and IRONLOG_NATS_SERVER_NAME`);
  }
  connected.set(1);
  health.set('nats', { ok: true });
  logger.info({ server: connection.getServer(), name: connection.info?.server_name ?? '' }, 'connected to NATS');

  const watch = watchConnection(connection, deps);
  return {
    connection,
    drain: async (timeoutMs = 3000) => {
      watch.expectClose();
      const late = new AbortController();
      try {
        // A drain waits for the server, without one for ever.
        if (!connection.isClosed()) await Promise.race([connection.drain(), delay(timeoutMs, late.signal)]);
      } catch (err) {
        // The stop continues: promised messages were acknowledged before (P1), and the log has the rest.
        logger.warn({ err }, 'the NATS connection was lost before everything was flushed');
      } finally {
        late.abort();
        await connection.close();
        await watch.finished;
      }
    },
  };
};
