// GET /guide: the project's README, which the API page links.
import { readFile } from 'node:fs/promises';
import type { Route } from '../http/api.ts';

const README = new URL('../../../../README.md', import.meta.url);

export const guide: Route = (app) => {
  app.get('/guide', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/markdown; charset=utf-8').send(await readFile(README, 'utf8')),
  );
};
