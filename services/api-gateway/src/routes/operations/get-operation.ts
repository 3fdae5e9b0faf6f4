// GET /v1/operations/{id}: one command's state, and what it waits for.
import { noQuerySchema, operationParamsSchema, operationSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { operationView } from '../../http/views/operation-view.ts';
import { waitingFor } from '../../http/views/waiting-for.ts';
import { operationNotFound } from '../problems.ts';

export const getOperation: Route = (app, api) => {
  app.get(
    '/v1/operations/:id',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'getOperation',
        tags: ['operations'],
        summary: 'An operation',
        params: operationParamsSchema,
        querystring: noQuerySchema,
        response: ok(operationSchema),
      },
    },
    async (request) => {
      const { tenant } = principalOf(request);
      const operation = api.operations.find(tenant, request.params.id);
      if (!operation) throw operationNotFound(request.params.id);
      return operationView(operation, waitingFor(api));
    },
  );
};
