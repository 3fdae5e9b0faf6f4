// /openapi.json and /docs: the document is built from the routes' own schemas, so it cannot differ from them.
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { operationSchema, problemSchema, vmViewSchema } from '@ironlog/schemas';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type DocumentedRoute, requestHeaders, responseHeaders } from './documented-headers.ts';

/** Answers of many routes are in the document once, by name; zod's global registry would be shared with other code. */
const schemaRegistry = z.registry<{ id: string }>();
schemaRegistry.add(vmViewSchema, { id: 'Vm' });
schemaRegistry.add(operationSchema, { id: 'Operation' });
schemaRegistry.add(problemSchema, { id: 'Problem' });

/** The registry above only has names; the schemas' metadata is in zod's own. */
const zodToJsonConfig: NonNullable<Parameters<typeof createJsonSchemaTransform>[0]['zodToJsonConfig']> = {
  override: ({ zodSchema, jsonSchema }) => {
    const { description, examples, reads } = z.globalRegistry.get(zodSchema) ?? {};
    if (description) jsonSchema.description = description;
    if (Array.isArray(examples)) jsonSchema.examples = examples;
    if (typeof reads === 'object') {
      for (const ofText of ['pattern', 'enum']) delete jsonSchema[ofText];
      Object.assign(jsonSchema, reads);
    }
    // zod omits it when input and output types differ.
    if (zodSchema instanceof z.ZodDefault) jsonSchema.default ??= zodSchema.def.defaultValue;
  },
};
const fromZod = createJsonSchemaTransform({ schemaRegistry, zodToJsonConfig });
const named = createJsonSchemaTransformObject({ schemaRegistry, zodToJsonConfig });

const ANSWERS: Readonly<Record<string, string>> = {
  200: 'As asked',
  201: 'Made',
  202: 'Accepted: it is stored, and its operation has the outcome',
  204: 'Done',
  503: 'Not ready, and why',
};

interface Answer {
  readonly content?: unknown;
  readonly description?: string;
}

const contentOf = (status: string, answer: Answer): object =>
  status === '204' ? {} : { content: { 'application/json': { schema: answer } } };

/** Adds the headers here: in a route's schemas Fastify would also validate them. */
const withHeaders = (answers: Readonly<Record<string, Answer>>, route: DocumentedRoute): Record<string, object> =>
  Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [
      status,
      {
        ...(answer.content ? answer : { description: ANSWERS[status], ...contentOf(status, answer) }),
        headers: responseHeaders(route, status),
      },
    ]),
  );

const transform: typeof fromZod = (input) => {
  const transformed = fromZod(input);
  const { schema } = transformed;
  if (!schema || schema.hide) return transformed;
  const route = { url: input.url, config: input.route.config ?? {} };
  const properties = requestHeaders(route);
  const answers = schema.response as Record<string, Answer> | undefined;
  return {
    ...transformed,
    schema: {
      ...schema,
      ...(Object.keys(properties).length > 0 && { headers: { type: 'object', properties } }),
      ...(answers && { response: withHeaders(answers, route) }),
    },
  };
};

interface DocumentedOperation {
  readonly requestBody?: { readonly content?: object };
  readonly parameters?: readonly { readonly in: string; readonly schema?: { readonly type?: string } }[];
}

/** Unknown to the plugin: an absent body is a command with every default, and an object in a query is its members. */
const withOwnWays = (paths: object): void => {
  for (const path of Object.values(paths) as readonly Readonly<Record<string, DocumentedOperation>>[])
    for (const { requestBody, parameters = [] } of Object.values(path)) {
      // A body that is no JSON has no default.
      if (requestBody) Object.assign(requestBody, { required: !('application/json' in (requestBody.content ?? {})) });
      for (const parameter of parameters)
        if (parameter.in === 'query' && parameter.schema?.type === 'object')
          Object.assign(parameter, { style: 'form', explode: true });
    }
};

/** The transform names each schema twice, for answers and for requests; no request has one of these. */
const withoutInputs = (document: ReturnType<typeof named>): ReturnType<typeof named> => {
  if (!('components' in document) || !document.components?.schemas) return document;
  withOwnWays(document.paths ?? {});
  const schemas = Object.entries(document.components.schemas).filter(([name]) => !name.endsWith('Input'));
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(schemas) } } as ReturnType<
    typeof named
  >;
};

const INTRODUCTION = `Ironlog runs microVMs on hosts, and keeps every command and every event in one log.
A command (create, boot, shutdown, delete and the others) is stored before it is answered: the answer names its operation,
which ends in exactly one outcome, and \`Prefer: wait=N\` waits for it. Reads are folds of the log: a VM as it is or as it
was at any moment, its history, usage, and what needs an operator. Start with the [guide](/guide).`;

/** Replaces the framework's. */
const LOGO = {
  type: 'image/svg+xml',
  content: Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="32"><text x="0" y="24" font-family="sans-serif" font-size="24" font-weight="bold" fill="#fff">Ironlog</text></svg>',
  ),
  href: '/docs',
  target: '_self' as const,
};

/** Call it before the routes are added; routes with `hide` are omitted. */
export const registerDocument = async (app: FastifyInstance): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Ironlog',
        version: '1.0.0',
        description: INTRODUCTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'The gateway that serves this document' }],
      externalDocs: { description: 'Guide', url: '/guide' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform,
    transformObject: (document) => withoutInputs(named(document)),
  });
};

export const registerDocumentRoutes = async (app: FastifyInstance): Promise<void> => {
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger());
  await app.register(async (docs) => {
    // The plugin's own routes: pages without tenant data.
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
      route.schema = { ...route.schema, hide: true };
    });
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      logo: LOGO,
      theme: { title: 'Ironlog API' },
    });
  });
};
