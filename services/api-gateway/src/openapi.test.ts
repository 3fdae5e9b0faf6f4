import { expect, test } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from './openapi.ts';

const documentSchema = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ operationId: z.string(), security: z.array(z.unknown()).optional() })),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

test('every route of the contract is in the document, named once, and nothing dangles', async () => {
  const raw = await openApiDocument();
  const { openapi, paths, components } = documentSchema.parse(raw);
  expect(openapi).toBe('3.1.0');
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const verbs = ['boot', 'shutdown', 'pause', 'resume', 'reboot', 'cleanup', 'snapshot', 'restore'];
  expect(routes.toSorted()).toEqual(
    [
      'post /v1/vms',
      'get /v1/vms',
      'get /v1/vms/{id}',
      'delete /v1/vms/{id}',
      ...verbs.map((verb) => `post /v1/vms/{id}/${verb}`),
      'get /v1/vms/{id}/events',
      'get /v1/vms/{id}/console',
      'get /v1/vms/{id}/wait',
      'get /v1/operations',
      'get /v1/operations/{id}',
      'get /v1/operations/{id}/wait',
      'get /v1/events',
      'get /v1/hosts',
      'get /v1/images',
      'get /v1/attention',
      'get /v1/usage',
      'get /healthz',
      'get /readyz',
      'get /metrics',
    ].toSorted(),
  );
  const names = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  expect(new Set(names).size).toBe(names.length);
  const references = [...JSON.stringify(raw).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  expect(references.length).toBeGreaterThan(0);
  for (const name of new Set(references)) expect(components.schemas).toHaveProperty(name);
});

test('the document is the same each time it is made', async () => {
  expect(JSON.stringify(await openApiDocument())).toBe(JSON.stringify(await openApiDocument()));
});
