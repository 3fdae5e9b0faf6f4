// POST /v1/vms/{id}/<verb>: boot, shutdown, pause, resume, reboot, cleanup, snapshot, restore; one shape, each named.
import { HTTP_VERBS, noQuerySchema, operationSchema, verbBodySchemas, vmParamsSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { accepted } from '../../http/document/answers.ts';
import { paramsSent } from '../../http/server/json-body.ts';
import { submit } from '../submit.ts';

export const commandVm: Route = (app, api) => {
  for (const verb of HTTP_VERBS) {
    app.post(
      `/v1/vms/:id/${verb}`,
      {
        config: { access: 'command' },
        schema: {
          operationId: `${verb}Vm`,
          tags: ['vms'],
          summary: `Ask a VM's host to ${verb} it`,
          params: vmParamsSchema,
          querystring: noQuerySchema,
          body: verbBodySchemas[verb],
          response: accepted(operationSchema),
        },
      },
      (request, reply) => {
        const { startBy } = request.body;
        return submit(api, { verb, vmId: request.params.id, params: paramsSent(request), startBy }, { request, reply });
      },
    );
  }
};
