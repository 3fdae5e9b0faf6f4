// GET /v1/vms: the tenant's VMs, by state, host, labels or a part of the name, page by page.
import { listVmsQuerySchema, vmListSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { withLiveHealth } from '../../http/views/live-health.ts';
import { unknownCursor } from '../problems.ts';

export const listVms: Route = (app, api) => {
  app.get(
    '/v1/vms',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'listVms',
        tags: ['vms'],
        summary: 'List VMs',
        querystring: listVmsQuerySchema,
        response: ok(vmListSchema),
      },
    },
    async (request) => {
      const page = api.reads.vms(principalOf(request).tenant, request.query);
      if (!page) throw unknownCursor();
      return { items: page.items.map(withLiveHealth(api)), nextCursor: page.nextCursor };
    },
  );
};
