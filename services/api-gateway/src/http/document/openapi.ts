// Builds the OpenAPI document from the routes, without a listening server, NATS or a read model.
import { createHealth, createLogger, createMetrics, systemClock, type Tokens } from '@ironlog/service-kit';
import type { Api } from '../api.ts';
import { buildServer } from '../server/server.ts';

const nobody: Tokens = { authenticate: () => ({ ok: false, code: 'unknown' }) };

/** Handlers run only for requests, and there are none: any use of a dependency throws. */
const nothing = new Proxy(
  {},
  {
    get: (_, name) => {
      throw new Error(`${String(name)} was used by a server that only documents itself`);
    },
  },
);

export const openApiDocument = async (): Promise<object> => {
  const own = { metrics: createMetrics({ service: 'api-gateway' }), health: createHealth(), clock: systemClock };
  const api = Object.assign(Object.create(nothing), own) as Api;
  const logger = createLogger({ service: 'api-gateway', level: 'fatal' });
  const app = await buildServer({ api, tokens: nobody, logger, requestsPerSecond: 1, longBodyMs: 0 });
  try {
    return app.swagger();
  } finally {
    await app.close();
  }
};
