// DELETE /v1/vms/{id}?force=: the VM is to be gone for good; force pre-empts what it is doing.
import { deleteVmQuerySchema, operationSchema, vmParamsSchema } from '@ironlog/schemas';
import { accepted } from '../http/answers.ts';
import type { Route } from '../http/api.ts';
import { submit } from './submit.ts';

export const deleteVm: Route = (app, api) => {
  app.delete(
    '/v1/vms/:id',
    {
      config: { access: 'command' },
      schema: {
        operationId: 'deleteVm',
        tags: ['vms'],
        summary: 'Delete a VM',
        params: vmParamsSchema,
        querystring: deleteVmQuerySchema,
        response: accepted(operationSchema),
      },
    },
    (request, reply) =>
      submit(
        api,
        { verb: 'delete', vmId: request.params.id, params: { force: request.query.force } },
        { request, reply },
      ),
  );
};
