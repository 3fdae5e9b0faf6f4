// GET /v1/vms/{id}/wait?state=|ready=true&after=&timeout=: answers when the VM passes the state, or its guest is ready, or
// can no longer get there.
import { vmParamsSchema, vmWaitSchema, waitVmQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy, principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { awaitSequence } from '../../http/headers/point-in-time.ts';
import { awaitPosition } from '../../http/headers/position.ts';
import { etagOf } from '../../http/headers/prefer.ts';
import { withLiveHealth } from '../../http/views/live-health.ts';
import { pendingView } from '../../http/views/pending-view.ts';
import { passedEvents } from '../../tail/passed-events.ts';
import { type KnownState, waitForVm } from '../../tail/wait-vm.ts';
import { vmNotFound } from '../problems.ts';

export const waitVm: Route = (app, api) => {
  app.get(
    '/v1/vms/:id/wait',
    {
      config: { access: 'read', readsFrom: 'state', waits: true, answersEtag: true },
      schema: {
        operationId: 'waitVm',
        tags: ['vms'],
        summary: 'Wait until a VM passes a state, or its guest is ready',
        params: vmParamsSchema,
        querystring: waitVmQuerySchema,
        response: ok(vmWaitSchema),
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const { id } = request.params;
      const { state, after, timeout } = request.query;
      const wanted = state ?? 'ready';
      if (after !== undefined) await awaitSequence(api, after, 'after');
      const now = api.reads.vm(tenant, id);
      const by = { ...askedBy(request), atLeast: { events: after ?? 0, work: 0 } };
      const then = after === undefined ? now : await api.queries.vmThen(by, tenant, id, { sequence: after });
      if (!now && !api.vmLocation.find(tenant, id)) throw vmNotFound(id);
      const from: KnownState = then
        ? { state: then.state, sequence: after ?? then.sequence, isReady: then.readyAt !== null }
        : { state: 'absent', sequence: after ?? 0, isReady: false };
      const waiters = api.metrics.gauge('ironlog_waiters');
      waiters.inc();
      const waited = await waitForVm(api.tail, {
        tenant,
        vmId: id,
        wanted,
        tellsReady: () => {
          const known = api.reads.vm(tenant, id) ?? pendingView(api, tenant, id);
          return !known?.spec || known.spec.ready !== undefined;
        },
        from,
        currentStateCounts: after === undefined,
        timeoutMs: timeout * 1000,
        signal: request.gone,
        isAskedFor: () => api.vmLocation.find(tenant, id) !== undefined,
        passed: (sequence) => passedEvents(api, { tenant, vmId: id, after: sequence, signal: request.gone }),
      }).finally(() => waiters.dec());
      await awaitPosition(api.reads, { events: waited.sequence, work: 0 }, 'state');
      const vm = api.reads.vm(tenant, id) ?? pendingView(api, tenant, id);
      if (!vm) throw vmNotFound(id);
      request.position = { ...request.position, events: Math.max(request.position.events, waited.sequence) };
      reply.header('etag', etagOf(vm));
      return { ...waited, vm: withLiveHealth(api, vm) };
    },
  );
};
