// GET /v1/vms/{id}/console?tail=: the last bytes of a VM's console, requested from its host over NATS.
import { consoleQuerySchema, consoleSchema, vmParamsSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { okOrText } from '../../http/document/answers.ts';
import { ProblemError } from '../../http/problem.ts';
import { vmNotFound } from '../problems.ts';

export const vmConsole: Route = (app, api) => {
  app.get(
    '/v1/vms/:id/console',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'getVmConsole',
        tags: ['vms'],
        summary: 'The last bytes of the console',
        params: vmParamsSchema,
        querystring: consoleQuerySchema,
        response: okOrText(consoleSchema),
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const { id } = request.params;
      const where = api.vmLocation.find(tenant, id);
      if (!where) throw vmNotFound(id);
      if (where.kind !== 'owned')
        throw new ProblemError('console-not-available', `no host has claimed VM ${id}, so it has no console`);
      const answer = await api.console({ host: where.host, tenant, vmId: id, tailBytes: request.query.tail });
      if (answer.kind === 'unreachable')
        throw new ProblemError(
          'host-unreachable',
          `host ${where.host} does not answer, and only it has the console; try again shortly`,
        );
      if (answer.kind === 'none') throw new ProblemError('console-not-available', answer.reason);
      // A console is bytes: JSON has them in base64, text/plain has the guest's output.
      if (request.headers.accept?.includes('text/plain')) {
        reply.type('text/plain; charset=utf-8').serializer((text: unknown) => String(text));
        return reply.send(Buffer.from(answer.base64, 'base64').toString('utf8') as never);
      }
      return { base64: answer.base64, sizeBytes: answer.sizeBytes };
    },
  );
};
