// /healthz, /readyz, /metrics: for operators and probes; they name no tenant and need no token.
import { noQuerySchema, readinessSchema } from '@ironlog/schemas';
import { z } from 'zod';
import type { Route } from '../http/api.ts';
import { ok, text } from '../http/document/answers.ts';

const probe = { access: 'public', rateLimit: false, pressureHandler: () => undefined } as const;

export const health: Route = (app, api) => {
  app.get(
    '/healthz',
    {
      config: probe,
      schema: {
        operationId: 'healthz',
        summary: 'Whether the process can answer',
        tags: ['service'],
        security: [],
        querystring: noQuerySchema,
        response: ok(z.strictObject({ status: z.literal('ok') })),
      },
    },
    // The answer itself is the check: a live process that is not ready must not be killed.
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config: probe,
      schema: {
        operationId: 'readyz',
        summary: 'Whether the gateway is ready, and each check',
        tags: ['service'],
        security: [],
        querystring: noQuerySchema,
        response: { ...ok(readinessSchema), 503: readinessSchema },
      },
    },
    async (_request, reply) => {
      const { ready, checks } = await api.health.report();
      reply.code(ready ? 200 : 503).header('cache-control', 'no-store');
      return { ready, checks };
    },
  );
  app.get(
    '/metrics',
    {
      config: probe,
      schema: {
        operationId: 'metrics',
        summary: 'Metrics in the Prometheus text format',
        tags: ['service'],
        security: [],
        querystring: noQuerySchema,
        response: text('The metrics for Prometheus'),
      },
    },
    async (_request, reply) => {
      reply.type(api.metrics.contentType);
      return reply.send(await api.metrics.text());
    },
  );
};
