// GET /v1/images: the images of all live hosts.
import { imageListSchema, noQuerySchema } from '@ironlog/schemas';
import type { z } from 'zod';
import type { Route } from '../../http/api.ts';
import { ok } from '../../http/document/answers.ts';

type Image = z.infer<typeof imageListSchema>['items'][number];

export const listImages: Route = (app, api) => {
  app.get(
    '/v1/images',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listImages',
        tags: ['hosts'],
        summary: 'Images',
        querystring: noQuerySchema,
        response: ok(imageListSchema),
      },
    },
    async () => {
      const images = new Map<string, Image>();
      for (const { host, images: catalogue } of api.hosts.live()) {
        for (const image of catalogue) {
          const known = images.get(image.id);
          const hypervisors = new Set([...(known?.hypervisors ?? []), ...image.hypervisors]);
          images.set(image.id, { ...image, hypervisors: [...hypervisors], hosts: [...(known?.hosts ?? []), host] });
        }
      }
      return { items: [...images.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
    },
  );
};
