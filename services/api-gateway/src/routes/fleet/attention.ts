// GET /v1/attention: the entries that need an operator, each with the required action (P8).
import { attentionListSchema, noQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { mayAccess } from '../../http/auth/access.ts';
import { askedBy, principalOf } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { sendPage } from '../../http/send-page.ts';

export const listAttention: Route = (app, api) => {
  app.get(
    '/v1/attention',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'listAttention',
        tags: ['operations'],
        summary: 'What needs an operator',
        querystring: noQuerySchema,
        response: ok(attentionListSchema),
      },
    },
    async (request, reply) => {
      const { tenant, role } = principalOf(request);
      const page = await api.pages.attention(askedBy(request), tenant, { hosts: mayAccess(role, 'hosts') });
      return sendPage(reply, page);
    },
  );
};
