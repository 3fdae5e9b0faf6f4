// GET /v1/operations: the tenant's operations, oldest first, page by page.
import { listOperationsQuerySchema, operationListSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy, principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { sendPage } from '../../http/send-page.ts';
import { explainWaiting } from '../../http/views/waiting-for.ts';
import { unknownCursor } from '../problems.ts';

export const listOperations: Route = (app, api) => {
  app.get(
    '/v1/operations',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'listOperations',
        tags: ['operations'],
        summary: 'List operations',
        querystring: listOperationsQuerySchema,
        response: ok(operationListSchema),
      },
    },
    async (request, reply) => {
      const page = await api.pages.operations(askedBy(request), principalOf(request).tenant, request.query);
      if (!page) throw unknownCursor();
      return sendPage(reply, page, explainWaiting(api));
    },
  );
};
