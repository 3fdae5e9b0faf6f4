import { listVmsQuerySchema } from '@ironlog/schemas';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from './openapi.ts';

const parameterSchema = z.looseObject({
  in: z.string(),
  name: z.string(),
  schema: z.looseObject({ type: z.string().optional() }),
});
const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        parameters: z.array(parameterSchema).default([]),
        responses: z.record(z.string(), z.object({ content: z.record(z.string(), z.unknown()).optional() })),
      }),
    ),
  ),
});

let paths: z.infer<typeof documentSchema>['paths'];
beforeAll(async () => {
  ({ paths } = documentSchema.parse(await openApiDocument()));
});

const queryOf = (path: string, method = 'get') =>
  Object.fromEntries(
    (paths[path]?.[method]?.parameters ?? [])
      .filter((parameter) => parameter.in === 'query')
      .map((parameter) => [parameter.name, parameter]),
  );

const MOST = Number.MAX_SAFE_INTEGER;
test.each([
  ['/v1/vms', 'limit', { minimum: 1, maximum: 500, default: 100 }],
  ['/v1/operations', 'limit', { minimum: 1, maximum: 500, default: 100 }],
  ['/v1/vms/{id}', 'sequence', { minimum: 0, maximum: MOST }],
  ['/v1/vms/{id}/events', 'after', { minimum: 0, maximum: MOST, default: 0 }],
  ['/v1/vms/{id}/console', 'tail', { minimum: 1, maximum: 65_536, default: 16_384 }],
  ['/v1/vms/{id}/wait', 'timeout', { minimum: 0, maximum: 60, default: 30 }],
  ['/v1/operations/{id}/wait', 'timeout', { minimum: 0, maximum: 60, default: 30 }],
  ['/v1/events', 'after', { minimum: 0, maximum: MOST }],
] as const)('%s: %s is a number, with its bounds', (path, name, bounds) => {
  expect(queryOf(path)[name]?.schema).toEqual({ type: 'integer', ...bounds });
});

test.each([
  ['get', '/v1/vms', 'includeDeleted', false],
  ['delete', '/v1/vms/{id}', 'force', false],
  ['get', '/v1/events', 'follow', true],
] as const)('%s %s: %s is a boolean, with its default', (method, path, name, fallback) => {
  expect(queryOf(path, method)[name]?.schema).toEqual({ type: 'boolean', default: fallback });
});

const labelsSchema = z.object({
  style: z.literal('form'),
  explode: z.literal(true),
  example: z.record(z.string(), z.string()),
  schema: z.object({
    type: z.literal('object'),
    propertyNames: z.object({ pattern: z.string() }),
    additionalProperties: z.object({ type: z.literal('string'), maxLength: z.number() }),
  }),
});

test('labels are pattern parameters, and a listing accepts what the pattern accepts', () => {
  const { example, schema } = labelsSchema.parse(queryOf('/v1/vms').labels);
  expect(listVmsQuerySchema.parse(example)).toMatchObject({ labels: { tier: 'web' } });
  const pattern = new RegExp(schema.propertyNames.pattern);
  const key = fc.oneof(fc.string(), fc.stringMatching(/^label\.[a-zA-Z0-9._/ -]{0,70}$/));
  const others = ['state', 'host', 'q', 'includeDeleted', 'limit', 'cursor'];
  fc.assert(
    fc.property(key, (name) => {
      fc.pre(!others.includes(name));
      expect(listVmsQuerySchema.safeParse({ [name]: 'x' }).success).toBe(pattern.test(name));
    }),
  );
  const { maxLength } = schema.additionalProperties;
  for (const length of [maxLength, maxLength + 1])
    expect(listVmsQuerySchema.safeParse({ 'label.tier': 'x'.repeat(length) }).success).toBe(length === maxLength);
});

test.each([{ labels: 'tier' }, { labels: '{"tier":"web"}', 'label.tier': 'web' }])(
  '%j: `labels` itself is no parameter, and is not ignored beside a label parameter',
  (query) => {
    const parsed = listVmsQuerySchema.safeParse(query);
    expect(parsed.error?.issues).toMatchObject([{ path: ['labels'], message: 'give each as label.<key>=<value>' }]);
  },
);

test.each([
  ['/v1/vms/{id}/console', ['application/json', 'text/plain', 'text/event-stream']],
  ['/v1/events', ['text/event-stream', 'application/x-ndjson']],
  ['/metrics', ['text/plain']],
])('%s answers in %j', (path, types) => {
  expect(Object.keys(paths[path]?.get?.responses['200']?.content ?? {})).toEqual(types);
});
