// GET /v1/vms/{id}/events: one VM's events, in order, page by page.
import { eventListSchema, vmEventsQuerySchema, vmParamsSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy, principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { sendPage } from '../../http/send-page.ts';
import { vmNotFound } from '../problems.ts';

export const vmEvents: Route = (app, api) => {
  app.get(
    '/v1/vms/:id/events',
    {
      config: { access: 'read', readsFrom: 'history' },
      schema: {
        operationId: 'listVmEvents',
        tags: ['vms', 'events'],
        summary: 'The events of a VM',
        params: vmParamsSchema,
        querystring: vmEventsQuerySchema,
        response: ok(eventListSchema),
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const { id } = request.params;
      const { after, limit } = request.query;
      const page = await api.pages.vmEvents(askedBy(request), tenant, id, { after, limit });
      if (page) return sendPage(reply, page);
      if (!api.reads.vm(tenant, id) && !api.vmLocation.find(tenant, id)) throw vmNotFound(id);
      return { items: [], nextAfter: null };
    },
  );
};
