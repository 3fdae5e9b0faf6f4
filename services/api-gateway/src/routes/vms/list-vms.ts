// GET /v1/vms: the tenant's VMs, by state, host, labels or a part of the name, page by page.
import { listVmsQuerySchema, vmListSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy, principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { sendPage } from '../../http/send-page.ts';
import { liveHosts } from '../../http/views/live-health.ts';
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
        description:
          'In the order of their ids, unclaimed VMs included. A page may have fewer VMs than limit, or none, and still have a nextCursor: a request with several filters scans a bounded number of VMs. The list ends where nextCursor is null.',
        querystring: listVmsQuerySchema,
        response: ok(vmListSchema),
      },
    },
    async (request, reply) => {
      const by = { ...askedBy(request), liveHosts: liveHosts(api) };
      const page = await api.pages.vms(by, principalOf(request).tenant, request.query);
      if (!page) throw unknownCursor();
      return sendPage(reply, page);
    },
  );
};
