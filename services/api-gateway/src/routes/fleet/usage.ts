// GET /v1/usage: the run time and resources of the tenant's VMs between two times: by VM, by day, or in total.
import { usageListSchema, usageQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy, principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { sendPage } from '../../http/send-page.ts';
import { unknownCursor } from '../problems.ts';

export const getUsage: Route = (app, api) => {
  app.get(
    '/v1/usage',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'getUsage',
        tags: ['operations'],
        summary: 'Usage',
        description:
          'How long VMs ran, with how many CPUs and how much memory. By vm, a page may have fewer items than limit, or none, and still have a nextCursor: the list ends where it is null.',
        querystring: usageQuerySchema,
        response: ok(usageListSchema),
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const now = api.clock.now().toISOString();
      const page = await api.pages.usage(askedBy(request), tenant, request.query, now);
      if (!page) throw unknownCursor();
      return sendPage(reply, page);
    },
  );
};
