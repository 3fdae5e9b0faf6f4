// GET /v1/hosts: the hosts that are alive, with what they offer and what is in use.
import { hostListSchema, noQuerySchema } from '@ironlog/schemas';
import { ok } from '../http/answers.ts';
import type { Route } from '../http/api.ts';

export const listHosts: Route = (app, api) => {
  app.get(
    '/v1/hosts',
    {
      config: { access: 'hosts' },
      schema: {
        operationId: 'listHosts',
        tags: ['hosts'],
        summary: 'Hosts',
        querystring: noQuerySchema,
        response: ok(hostListSchema),
      },
    },
    async () => ({
      items: api.hosts
        .live()
        .toSorted((a, b) => (a.host < b.host ? -1 : 1))
        .map((heartbeat) => ({ ...heartbeat, live: true })),
    }),
  );
};
