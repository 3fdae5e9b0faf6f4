// /openapi.json and /docs: the document is made of the routes' own schemas, so it cannot differ from them.
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/** Call before the routes are added; routes with `hide` stay out. */
export const registerDocument = async (app: FastifyInstance): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Ironlog', version: '1.0.0', description: 'An event-sourced control plane for microVMs.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
};

export const registerDocumentRoutes = async (app: FastifyInstance): Promise<void> => {
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger());
  await app.register(async (docs) => {
    // The plugin's own routes: pages without any tenant's data.
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
      route.schema = { ...route.schema, hide: true };
    });
    await docs.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  });
};
