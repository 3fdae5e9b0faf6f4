// GET /v1/images: the images for VMs, by id: uploaded ones, and those configured on live hosts.
import { decodeKey, encodeKey } from '@ironlog/read-model';
import { imageListSchema, listImagesQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { askedBy } from '../../http/context.ts';
import { ok } from '../../http/document/answers.ts';
import { hostImageViews, storedImageView } from '../../http/views/image-view.ts';
import { unknownCursor } from '../problems.ts';

export const listImages: Route = (app, api) => {
  app.get(
    '/v1/images',
    {
      config: { access: 'read', readsFrom: 'state' },
      schema: {
        operationId: 'listImages',
        tags: ['images'],
        summary: 'Images',
        querystring: listImagesQuerySchema,
        response: ok(imageListSchema),
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const after = decodeKey('images', cursor);
      if (after === undefined) throw unknownCursor();
      const rows = await api.queries.images(askedBy(request), { after, limit: limit + 1 });
      const stored = rows.map((row) => storedImageView(api, row));
      const names = new Set(stored.map(({ id }) => id));
      const own = hostImageViews(api).filter(({ id }) => id > after && !names.has(id));
      const items = [...stored, ...own].toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const shown = items.slice(0, limit);
      const last = shown.at(-1);
      return { items: shown, nextCursor: last && items.length > limit ? encodeKey('images', last.id) : null };
    },
  );
};
