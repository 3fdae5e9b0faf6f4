/** Checks in nats-server's monitoring whether an acknowledged message survives a power failure, as P1 promises. */
import { get } from 'node:http';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { ConfigError } from '../config/config.ts';
import type { NatsSettings } from '../config/environment.ts';
import type { Logger } from '../telemetry/log.ts';

const TIMEOUT_MS = 2000;
const MAX_BYTES = 1024 * 1024;
const NANOSECONDS_PER_MS = 1_000_000;

// Measured with nats-server 2.15: under `sync_interval: always`, /varz has `sync_always: true` while `sync_interval`
// still shows the default of two minutes; under any other setting `sync_always` is absent.
const varz = z.object({
  server_id: z.string(),
  server_name: z.string(),
  jetstream: z
    .object({ config: z.object({ sync_interval: z.number(), sync_always: z.boolean().default(false) }).optional() })
    .optional(),
});

/** The known state of the servers' fsync setting. */
export type Durability =
  | { readonly kind: 'always' }
  | { readonly kind: 'interval'; readonly server: string; readonly syncIntervalMs: number }
  | { readonly kind: 'unknown'; readonly reason: string };

const read = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get(url, { signal: AbortSignal.timeout(TIMEOUT_MS), agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) request.destroy(new Error(`more than ${MAX_BYTES} bytes from ${url}`));
        chunks.push(chunk);
      });
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
    request.on('error', reject);
  });

const inspect = async (monitorUrl: string): Promise<z.output<typeof varz>> =>
  varz.parse(JSON.parse(await read(new URL('/varz', monitorUrl).href)));

const unknown = (reason: string): Durability => ({ kind: 'unknown', reason });

/**
 * Reads `/varz` of every monitoring URL. The connected server must be among them, by its server_id: another server's
 * setting proves nothing about ours.
 */
export const checkDurability = async (
  connection: NatsConnection,
  monitorUrls: readonly string[],
): Promise<Durability> => {
  if (monitorUrls.length === 0) return unknown('IRONLOG_NATS_MONITOR_URL is not set');
  let servers: readonly z.output<typeof varz>[];
  try {
    servers = await Promise.all(monitorUrls.map(inspect));
  } catch (cause) {
    return unknown(`${monitorUrls.join(', ')}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (!servers.some((server) => server.server_id === connection.info?.server_id)) {
    const names = servers.map((server) => server.server_name).join(', ');
    return unknown(`${monitorUrls.join(', ')} is ${names}, not the server at ${connection.getServer()}`);
  }
  for (const { server_name, jetstream } of servers) {
    if (jetstream?.config === undefined) return unknown(`JetStream is not enabled on ${server_name}`);
    const { sync_always, sync_interval } = jetstream.config;
    if (!sync_always) {
      return { kind: 'interval', server: server_name, syncIntervalMs: sync_interval / NANOSECONDS_PER_MS };
    }
  }
  return { kind: 'always' };
};

const problem = (found: Exclude<Durability, { kind: 'always' }>): string =>
  found.kind === 'interval'
    ? `nats-server ${found.server} syncs every ${found.syncIntervalMs} ms: a power failure loses acknowledged messages`
    : `nats-server's sync setting cannot be read (${found.reason})`;

/** The dependencies of `requireDurability`. */
export interface DurabilityDeps {
  readonly connection: NatsConnection;
  readonly settings: Pick<NatsSettings, 'monitorUrls' | 'allowUnsafeSync'>;
  readonly logger: Logger;
}

/**
 * P1: requires `sync_interval: always`; where unsafe sync is allowed, it only warns.
 * @throws ConfigError with the required change.
 */
export const requireDurability = async ({ connection, settings, logger }: DurabilityDeps): Promise<void> => {
  const found = await checkDurability(connection, settings.monitorUrls);
  if (found.kind === 'always') return;
  if (!settings.allowUnsafeSync) {
    throw new ConfigError(
      `${problem(found)}; set "sync_interval: always" in its jetstream block and IRONLOG_NATS_MONITOR_URL, ` +
        'or IRONLOG_ALLOW_UNSAFE_SYNC=true to accept the loss',
    );
  }
  logger.warn({ code: 'unsafe-sync', reason: problem(found) }, 'acknowledged messages may be lost: allowed by setting');
};
