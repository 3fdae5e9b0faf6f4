// GET /v1/images: what VMs can be made of, by id: what was uploaded, and what the live hosts have of their own.
import { imageListSchema, listImagesQuerySchema } from '@ironlog/schemas';
import type { Route } from '../../http/api.ts';
import { ok } from '../../http/document/answers.ts';
import { hostImageViews, storedImageView } from '../../http/views/image-view.ts';
import { unknownCursor } from '../problems.ts';

const PREFIX = 'images:';
const encodeCursor = (id: string): string => Buffer.from(`${PREFIX}${id}`).toString('base64url');
/** `undefined`: not a cursor of this list. */
const decodeCursor = (cursor: string | undefined): string | undefined =>
  cursor === undefined
    ? ''
    : /^images:([a-z0-9][a-z0-9-]{0,62})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];

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
      const after = decodeCursor(cursor);
      if (after === undefined) throw unknownCursor();
      const stored = api.reads.images({ after, limit: limit + 1 }).map((row) => storedImageView(api, row));
      const names = new Set(stored.map(({ id }) => id));
      const own = hostImageViews(api).filter(({ id }) => id > after && !names.has(id));
      const items = [...stored, ...own].toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const shown = items.slice(0, limit);
      const last = shown.at(-1);
      return { items: shown, nextCursor: last && items.length > limit ? encodeCursor(last.id) : null };
    },
  );
};
