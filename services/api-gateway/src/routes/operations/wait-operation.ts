// GET /v1/operations/{id}/wait?timeout=: answers when the operation has ended, or with its state at the timeout.
import { operationParamsSchema, operationSchema, waitOperationQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { operationView } from '../../http/views/operation-view.ts';
import { waitingFor } from '../../http/views/waiting-for.ts';
import { waitForOperation } from '../../tail/wait-operation.ts';
import { operationNotFound } from '../problems.ts';

export const waitOperation: Route = (app, api) => {
  app.get(
    '/v1/operations/:id/wait',
    {
      config: { access: 'read', readsFrom: 'state', waits: true },
      schema: {
        operationId: 'waitOperation',
        tags: ['operations'],
        summary: 'Wait until an operation has ended',
        params: operationParamsSchema,
        querystring: waitOperationQuerySchema,
        response: ok(operationSchema),
      },
    },
    async (request) => {
      const { tenant } = principalOf(request);
      const { id } = request.params;
      const waiters = api.metrics.gauge('ironlog_waiters');
      waiters.inc();
      const operation = await waitForOperation(api, {
        tenant,
        id,
        timeoutMs: request.query.timeout * 1000,
        signal: request.gone,
      }).finally(() => waiters.dec());
      if (!operation) throw operationNotFound(id);
      request.position = { ...request.position, events: Math.max(request.position.events, operation.sequence) };
      return operationView(operation, waitingFor(api));
    },
  );
};
