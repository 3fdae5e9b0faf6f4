// GET /v1/vms/{id}/events: one VM's events, in order, page by page.
import { eventListSchema, vmEventsQuerySchema, vmParamsSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy, principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { eventView } from '../../http/views/event-view.ts';
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
    async (request) => {
      const { tenant } = principalOf(request);
      const { id } = request.params;
      const { after, limit } = request.query;
      const items = await api.queries.vmEvents(askedBy(request), tenant, id, { after, limit });
      if (items.length === 0 && !api.reads.vm(tenant, id) && !api.vmLocation.find(tenant, id)) throw vmNotFound(id);
      return { items: items.map(eventView), nextAfter: items.length < limit ? null : (items.at(-1)?.sequence ?? null) };
    },
  );
};
