// GET /: the service and its links, without a token.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Route } from '../http/api.ts';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));

export const serviceInfo: Route = (app) => {
  const info = { service: 'ironlog-api-gateway', version, docs: '/docs', guide: '/guide', openapi: '/openapi.json' };
  app.get('/', { config: { access: 'public' }, schema: { hide: true } }, async () => info);
};
