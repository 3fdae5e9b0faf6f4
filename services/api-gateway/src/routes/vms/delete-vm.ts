// DELETE /v1/vms/{id}?force=: deletes the VM for good; force pre-empts its task.
import { deleteVmQuerySchema, operationSchema, vmParamsSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { accepted } from '../../http/document/answers.ts';
import { takesNoBody } from '../problems.ts';
import { submit } from '../submit.ts';

export const deleteVm: Route = (app, api) => {
  app.delete(
    '/v1/vms/:id',
    {
      config: { access: 'command' },
      schema: {
        operationId: 'deleteVm',
        tags: ['vms'],
        summary: 'Delete a VM',
        description: 'It takes no body: force is in the query.',
        params: vmParamsSchema,
        querystring: deleteVmQuerySchema,
        response: accepted(operationSchema),
      },
    },
    (request, reply) => {
      // A body must not be ignored: {"force": true} would then delete without force.
      if (request.sent !== undefined) throw takesNoBody();
      const { params, query } = request;
      return submit(api, { verb: 'delete', vmId: params.id, params: query }, { request, reply });
    },
  );
};
