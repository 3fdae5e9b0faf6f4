/** Watches a NATS connection: reports its state in readiness and metrics, and closes it when the server is not ours. */
import type { NatsConnection, Status } from '@nats-io/transport-node';
import type { NatsSettings } from '../config/environment.ts';
import type { Runtime } from '../lifecycle/runtime.ts';
import { ExitCode, type SelfStop } from '../lifecycle/self-stop.ts';

/** The dependencies of `connectNats`. */
export interface NatsDeps {
  readonly settings: NatsSettings;
  /** Shown on nats-server's monitoring pages. */
  readonly name: string;
  readonly runtime: Pick<Runtime, 'logger' | 'health' | 'metrics' | 'signal'>;
  /** Used when the connection is lost for good, or reconnects to a server that is not ours. */
  readonly selfStop: SelfStop;
}

/** Why the connected server is not ours, or undefined. */
export const wrongServer = (connection: NatsConnection, expected: readonly string[]): string | undefined => {
  const name = connection.info?.server_name ?? '';
  return expected.includes(name)
    ? undefined
    : `the NATS server at ${connection.getServer()} is named "${name}", not ${expected.join(' or ')}`;
};

/** A watch over one connection. */
export interface Watch {
  /** Call it before an intended close, so that it does not count as a loss. */
  expectClose(): void;
  /** Resolves when the connection is closed and no status will follow. */
  readonly finished: Promise<void>;
}

/** Watches `connection` until it closes; an unexpected close ends the service. */
export const watchConnection = (connection: NatsConnection, deps: NatsDeps): Watch => {
  const { settings, selfStop } = deps;
  const { logger, health, metrics } = deps.runtime;
  const connected = metrics.gauge('ironlog_nats_connected');
  const reconnects = metrics.counter('ironlog_nats_reconnects_total');
  const errors = metrics.counter('ironlog_nats_errors_total');
  let closeExpected = false;

  const down = (reason: string): void => {
    connected.set(0);
    health.set('nats', { ok: false, reason });
  };
  const reconnected = (): void => {
    const wrong = wrongServer(connection, settings.serverNames);
    if (wrong === undefined) {
      connected.set(1);
      reconnects.inc();
      health.set('nats', { ok: true });
      logger.info({ server: connection.getServer() }, 'NATS is back');
      return;
    }
    // P1: another server's acknowledgement is no promise of ours. Closing drops unsent messages.
    down(wrong);
    closeExpected = true;
    selfStop.end({ code: 'nats-wrong-server', reason: wrong, exitCode: ExitCode.temporary });
    void connection.close();
  };
  const failed = (kind: string, fields: { err?: Error; pending?: number }, message: string): void => {
    errors.inc({ kind });
    logger.warn(fields, message);
  };
  const onStatus = (status: Status): void => {
    switch (status.type) {
      case 'disconnect':
        logger.warn({ server: status.server }, 'NATS connection lost');
        down(`disconnected from ${status.server}`);
        break;
      case 'reconnect':
        reconnected();
        break;
      case 'error':
        failed('server', { err: status.error }, 'NATS reports an error');
        break;
      case 'staleConnection':
        failed('stale', {}, 'NATS does not answer pings');
        break;
      case 'slowConsumer':
        failed('slow-consumer', { pending: status.pending }, 'a NATS subscription falls behind');
        break;
      case 'ldm':
        logger.warn({ server: status.server }, 'the NATS server is about to shut down');
        break;
      case 'reconnecting':
      case 'forceReconnect':
      case 'update':
      case 'ping':
      case 'close':
        break;
      default:
        status satisfies never;
    }
  };
  const follow = async (): Promise<void> => {
    for await (const status of connection.status()) onStatus(status);
  };
  const close = async (): Promise<void> => {
    const error = await connection.closed();
    down('the connection is closed');
    if (closeExpected) return;
    const why = error instanceof Error ? error.message : 'no reason given';
    selfStop.end({ code: 'nats-closed', reason: `NATS closed the connection: ${why}`, exitCode: ExitCode.temporary });
  };
  return {
    expectClose: () => {
      closeExpected = true;
    },
    finished: Promise.all([follow(), close()]).then(() => undefined),
  };
};
