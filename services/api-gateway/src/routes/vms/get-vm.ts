// GET /v1/vms/{id}: the VM now, or as of ?at= or ?sequence=.
import { getVmQuerySchema, vmParamsSchema, vmViewSchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy, principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { awaitSequence, refuseFuture } from '../../http/headers/point-in-time.ts';
import { awaitPosition } from '../../http/headers/position.ts';
import { etagOf } from '../../http/headers/prefer.ts';
import { withLiveHealth } from '../../http/views/live-health.ts';
import { pendingView } from '../../http/views/pending-view.ts';
import { vmNotFound } from '../problems.ts';

export const getVm: Route = (app, api) => {
  app.get(
    '/v1/vms/:id',
    {
      config: { access: 'read', readsFrom: 'state', answersEtag: true },
      schema: {
        operationId: 'getVm',
        tags: ['vms'],
        summary: 'A VM, now or at an earlier time',
        params: vmParamsSchema,
        querystring: getVmQuerySchema,
        response: ok(vmViewSchema),
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const { id } = request.params;
      const { at, sequence } = request.query;
      const pointInTime = at !== undefined ? { at } : sequence !== undefined ? { sequence } : undefined;
      if (sequence !== undefined) await awaitSequence(api, sequence, 'sequence');
      else if (at !== undefined) {
        refuseFuture(at, api.clock.now(), api.reads.vm(tenant, id)?.updatedAt);
        await awaitPosition(api.reads, request.position, 'history');
      }
      // A sequence is waited for by itself; the request's position may be further on.
      const atLeast = sequence === undefined ? request.position : { events: sequence, work: 0 };
      const vm = pointInTime
        ? await api.queries.vmThen({ ...askedBy(request), atLeast }, tenant, id, pointInTime)
        : (api.reads.vm(tenant, id) ?? pendingView(api, tenant, id));
      if (!vm) throw vmNotFound(id);
      reply.header('etag', etagOf(vm));
      return pointInTime ? vm : withLiveHealth(api, vm);
    },
  );
};
