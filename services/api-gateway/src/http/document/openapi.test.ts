import { PROBLEMS } from '@ironlog/schemas';
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

test('every route of the contract is in the document, named once, and every reference resolves', async () => {
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
      'post /v1/images',
      'get /v1/images',
      'get /v1/images/{id}',
      'delete /v1/images/{id}',
      'post /v1/hosts/{host}/images/{id}',
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

const describedSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        parameters: z.array(z.object({ in: z.string(), name: z.string() })).default([]),
        requestBody: z.object({ required: z.boolean() }).optional(),
        responses: z.record(
          z.string(),
          z.object({ description: z.string(), headers: z.record(z.string(), z.unknown()).default({}) }),
        ),
      }),
    ),
  ),
});

test('a problem names every code, with its status', async () => {
  const { components } = documentSchema.parse(await openApiDocument());
  const { properties } = z
    .object({ properties: z.object({ code: z.object({ enum: z.array(z.string()), description: z.string() }) }) })
    .parse(components.schemas.Problem);
  expect(properties.code.enum).toEqual(Object.keys(PROBLEMS));
  for (const [code, { status }] of Object.entries(PROBLEMS))
    expect(properties.code.description).toContain(`${code} (${status})`);
});

test('the request and response headers of each route are documented where they apply', async () => {
  const { paths } = describedSchema.parse(await openApiDocument());
  const of = (method: string, path: string) => {
    const { parameters = [], responses = {}, requestBody } = paths[path]?.[method] ?? {};
    const answered = (status: string): string[] => Object.keys(responses[status]?.headers ?? {}).toSorted();
    return {
      taken: parameters
        .filter((parameter) => parameter.in === 'header')
        .map(({ name }) => name)
        .toSorted(),
      answered,
      requestBody,
    };
  };
  const create = of('post', '/v1/vms');
  expect(create.taken).toEqual(['Idempotency-Key', 'Prefer', 'traceparent']);
  expect(create.requestBody).toEqual({ required: false });
  const boot = of('post', '/v1/vms/{id}/boot');
  expect(boot.taken).toEqual(['Idempotency-Key', 'If-Match', 'Prefer', 'traceparent']);
  expect(boot.answered('202')).toEqual(['Ironlog-Position', 'Location', 'Preference-Applied']);
  expect(boot.answered('5XX')).toContain('Retry-After');
  const vm = of('get', '/v1/vms/{id}');
  expect(vm.taken).toEqual(['Ironlog-Position', 'traceparent']);
  expect(vm.answered('200')).toEqual(['ETag', 'Ironlog-Position']);
  expect(of('get', '/v1/events').taken).toContain('Last-Event-ID');
  expect(of('get', '/healthz').taken).toEqual([]);
});

test('the document is the same each time it is built', async () => {
  expect(JSON.stringify(await openApiDocument())).toBe(JSON.stringify(await openApiDocument()));
});
