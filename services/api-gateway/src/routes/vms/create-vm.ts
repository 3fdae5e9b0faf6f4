// POST /v1/vms: creates a VM. 202 with the operation; the id is the caller's, or generated.
import { createBodySchema, noQuerySchema, operationSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { accepted } from '../../http/document/answers.ts';
import { paramsSent } from '../../http/server/json-body.ts';
import { submit } from '../submit.ts';

export const createVm: Route = (app, api) => {
  app.post(
    '/v1/vms',
    {
      config: { access: 'command' },
      schema: {
        operationId: 'createVm',
        tags: ['vms'],
        summary: 'Create a VM, and start it if asked',
        querystring: noQuerySchema,
        body: createBodySchema,
        response: accepted(operationSchema),
      },
    },
    (request, reply) => {
      const { id, startBy } = request.body;
      return submit(api, { verb: 'create', vmId: id, params: paramsSent(request), startBy }, { request, reply });
    },
  );
};
