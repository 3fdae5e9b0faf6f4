// DELETE /v1/images/{id}: removes an image. Refused while a VM uses it.
import { imageParamsSchema, noQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy, principalOf } from '../../http/context.ts';
import { nothing } from '../../http/document/answers.ts';

export const removeImage: Route = (app, api) => {
  app.delete(
    '/v1/images/:id',
    {
      config: { access: 'images' },
      schema: {
        operationId: 'removeImage',
        tags: ['images'],
        summary: 'Remove an image',
        params: imageParamsSchema,
        querystring: noQuerySchema,
        response: nothing,
      },
    },
    async (request, reply) => {
      const { tokenId, tenant } = principalOf(request);
      const asker = { actor: tokenId, traceparent: request.traceparent, tenant, by: askedBy(request) };
      const sequence = await api.images.remove(request.params.id, asker);
      request.position = { ...request.position, events: Math.max(request.position.events, sequence) };
      return reply.code(204).send(null);
    },
  );
};
