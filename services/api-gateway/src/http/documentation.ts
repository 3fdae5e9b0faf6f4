// /openapi.json and /docs: the document is made of the routes' own schemas, so it cannot differ from them.
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { operationSchema, problemSchema, vmViewSchema } from '@ironlog/schemas';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** What many routes answer is in the document once, under its name; the global registry would be everybody's. */
const schemaRegistry = z.registry<{ id: string }>();
schemaRegistry.add(vmViewSchema, { id: 'Vm' });
schemaRegistry.add(operationSchema, { id: 'Operation' });
schemaRegistry.add(problemSchema, { id: 'Problem' });

const named = createJsonSchemaTransformObject({ schemaRegistry });

/** The transform names each schema twice, as answers and as requests see it; no request holds one of these. */
const withoutInputs = (document: ReturnType<typeof named>): ReturnType<typeof named> => {
  if (!('components' in document) || !document.components?.schemas) return document;
  const schemas = Object.entries(document.components.schemas).filter(([name]) => !name.endsWith('Input'));
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(schemas) } } as ReturnType<
    typeof named
  >;
};

/** Call before the routes are added; routes with `hide` stay out. */
export const registerDocument = async (app: FastifyInstance): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Ironlog', version: '1.0.0', description: 'An event-sourced control plane for microVMs.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: createJsonSchemaTransform({ schemaRegistry }),
    transformObject: (document) => withoutInputs(named(document)),
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
