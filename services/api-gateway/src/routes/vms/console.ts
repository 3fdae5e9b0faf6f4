// GET /v1/vms/{id}/console?tail=: the last bytes of a VM's console, requested from its host over NATS.
import { consoleQuerySchema, consoleSchema, vmParamsSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { principalOf } from '../../http/context.ts';
import { okOrText } from '../../http/document/answers.ts';
import { ProblemError } from '../../http/problem.ts';
import { CONSOLE_FORMATS } from '../../http/views/console-frames.ts';
import { vmNotFound } from '../problems.ts';
import { hostSilent } from './console-problems.ts';
import { followConsole } from './follow-console.ts';

const DESCRIPTION = [
  'With follow=true the answer is a stream: text/event-stream, or with Accept: text/plain the bytes as the guest prints them.',
  'SSE frames are `event: output` with `{"from","base64"}`, `event: gap` with `{"from","skippedBytes"}` for bytes that the host',
  'keeps no longer because the reader was slower than the guest, and at least every 10 seconds one with an `id` alone.',
  'An `id` is a position in all that the guest has printed: Last-Event-ID goes on there, and stands above `tail`.',
  'The stream ends with `event: end`, whose data is a problem, when the VM is deleted (`vm-deleted`), its host has not answered for',
  '15 seconds (`host-unreachable`), or the token no longer holds; text/plain says so, and of gaps, in a line of its own in brackets.',
  'Open streams are counted with those of GET /v1/events.',
].join(' ');

export const vmConsole: Route = (app, api) => {
  app.get(
    '/v1/vms/:id/console',
    {
      config: { access: 'read', readsFrom: 'state', followable: true },
      schema: {
        operationId: 'getVmConsole',
        tags: ['vms'],
        summary: 'The last bytes of the console, or a stream of it',
        description: DESCRIPTION,
        params: vmParamsSchema,
        querystring: consoleQuerySchema,
        response: okOrText(consoleSchema, [CONSOLE_FORMATS.sse]),
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const { id } = request.params;
      const where = api.vmLocation.find(tenant, id);
      if (!where) throw vmNotFound(id);
      if (where.kind !== 'owned')
        throw new ProblemError('console-not-available', `no host has claimed VM ${id}, so it has no console`);
      const { follow, tail: tailBytes } = request.query;
      if (follow) return followConsole(api, request, reply, { id, host: where.host, tailBytes }) as never;
      const answer = await api.console({ host: where.host, tenant, vmId: id, tailBytes });
      if (answer.kind === 'unreachable') throw hostSilent(where.host);
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
