/** The small HTTP server of a service without an API: `/healthz`, `/readyz` and `/metrics`, for operators and probes. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Health } from './health.ts';

/** A listening server. */
export interface OpsServer {
  /** The actual port, also when 0 was requested. */
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Settings of `startOpsServer`. */
export interface OpsServerOptions {
  readonly host?: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly health: Health;
  readonly metrics: Metrics;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const json = (status: number, value: unknown): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});

const answer = async (path: string, { health, metrics }: OpsServerOptions): Promise<Answer> => {
  switch (path) {
    case '/healthz':
      // The answer itself is the check: a live process that is not ready must not be killed.
      return json(200, { status: 'ok' });
    case '/readyz': {
      const report = await health.report();
      return json(report.ready ? 200 : 503, report);
    }
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
    default:
      return json(404, { status: 404, detail: 'the paths are /healthz, /readyz and /metrics' });
  }
};

const send = (response: ServerResponse, { status, type, body }: Answer, withBody: boolean): void => {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(withBody ? body : undefined);
};

/** Listens on `host` (default loopback). Rejects when the address is in use. */
export const startOpsServer = async (options: OpsServerOptions): Promise<OpsServer> => {
  const { host = '127.0.0.1', port } = options;
  const server = createServer({ requestTimeout: 5000, headersTimeout: 5000, keepAliveTimeout: 5000 });
  server.maxConnections = 100;
  server.setTimeout(10_000);
  server.on('request', async ({ method, url }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      send(response, json(405, { status: 405, detail: 'only GET and HEAD are allowed' }), true);
      return;
    }
    const path = url?.split('?', 1)[0] ?? '/';
    try {
      send(response, await answer(path, options), method === 'GET');
    } catch (cause) {
      // A metric's collect function failed; the probe must get an answer.
      const detail = cause instanceof Error ? cause.message : String(cause);
      send(response, json(500, { status: 500, detail }), true);
    }
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen({ host, port }, listening.resolve);
  await listening.promise;
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
};
