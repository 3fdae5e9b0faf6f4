// GET /v1/images/{id}: one image, with the digests of its files.
import { imageParamsSchema, imageViewSchema, noQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { ok } from '../../http/document/answers.ts';
import { hostImageViews, storedImageView } from '../../http/views/image-view.ts';
import { imageNotFound } from '../../images/problems.ts';

export const getImage: Route = (app, api) => {
  app.get(
    '/v1/images/:id',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'getImage',
        tags: ['images'],
        summary: 'One image',
        params: imageParamsSchema,
        querystring: noQuerySchema,
        response: ok(imageViewSchema),
      },
    },
    async (request) => {
      const { id } = request.params;
      const row = api.reads.image(id);
      const view = row ? storedImageView(api, row) : hostImageViews(api).find((image) => image.id === id);
      if (!view) throw imageNotFound(id);
      return view;
    },
  );
};
