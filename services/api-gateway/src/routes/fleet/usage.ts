// GET /v1/usage: how long the tenant's VMs ran, with what, between two times.
import { usageListSchema, usageQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';

export const getUsage: Route = (app, api) => {
  app.get(
    '/v1/usage',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'getUsage',
        tags: ['operations'],
        summary: 'Usage',
        querystring: usageQuerySchema,
        response: ok(usageListSchema),
      },
    },
    async (request) => ({
      items: [...api.reads.usage(principalOf(request).tenant, request.query, api.clock.now().toISOString())],
    }),
  );
};
