// GET /v1/attention: what needs a human, each with the action to take (P8).
import { attentionListSchema, noQuerySchema } from '@ironlog/schemas';
import { mayAccess } from '../http/access.ts';
import { ok } from '../http/answers.ts';
import type { Route } from '../http/api.ts';
import { principalOf } from '../http/context.ts';

export const listAttention: Route = (app, api) => {
  app.get(
    '/v1/attention',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'listAttention',
        tags: ['operations'],
        summary: 'What needs a human',
        querystring: noQuerySchema,
        response: ok(attentionListSchema),
      },
    },
    async (request) => {
      const { tenant, role } = principalOf(request);
      const items = api.reads.attention(tenant, { hosts: mayAccess(role, 'hosts') });
      return { items: items.toSorted((a, b) => (a.since < b.since ? -1 : 1)) };
    },
  );
};
