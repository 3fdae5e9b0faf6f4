// Requests generated from the document are accepted, or refused for a reason that the document names.
import { readFileSync } from 'node:fs';
import { problemSchema } from '@ironlog/schemas';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { TOKENS } from '../../fixtures/gateway.fixture.ts';
import { startPlane, type TestPlane } from '../../fixtures/plane.fixture.ts';
import { arbitraryOf, type Schema } from './arbitrary.fixture.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 30_000 });

const RUNS = 25;
const DOCUMENT = new URL('../../../../../schemas/openapi.json', import.meta.url);

const schemaSchema = z.custom<Schema>((value) => typeof value === 'object' && value !== null);
const operationSchema = z.object({
  operationId: z.string(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean().default(false),
        schema: schemaSchema,
      }),
    )
    .default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: schemaSchema })) }).optional(),
});
type Operation = z.infer<typeof operationSchema>;
const paths = z
  .object({ paths: z.record(z.string(), z.record(z.string(), operationSchema)) })
  .parse(JSON.parse(readFileSync(DOCUMENT, 'utf8'))).paths;
const ROUTES = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method,
    path,
    operation,
  })),
);

/** Short waits: the test is about acceptance, not about duration. */
const SHORT: Readonly<Record<string, Schema>> = {
  timeout: { const: 0 },
  Prefer: { const: 'wait=0' },
  'Ironlog-Position': { const: '1.0.0' },
};

type Values = Readonly<Record<string, unknown>>;
const valuesIn = (operation: Operation, place: 'path' | 'query' | 'header'): fc.Arbitrary<Values> => {
  const parameters = operation.parameters.filter((parameter) => parameter.in === place);
  return fc.record(
    Object.fromEntries(parameters.map(({ name, schema }) => [name, arbitraryOf(SHORT[name] ?? schema)])),
    {
      requiredKeys: parameters.filter(({ required }) => required || place === 'path').map(({ name }) => name),
      noNullPrototype: true,
    },
  );
};
const bodyOf = ({ requestBody }: Operation): fc.Arbitrary<unknown> => {
  const schema = requestBody?.content['application/json']?.schema;
  return schema ? fc.option(arbitraryOf(schema), { nil: undefined }) : fc.constant(undefined);
};

/** An object in a query is its members (style form, explode). */
const queryOf = (values: Values): string =>
  new URLSearchParams(
    Object.entries(values).flatMap(([name, value]): [string, string][] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).map(([key, text]) => [key, String(text)])
        : [[name, String(value)]],
    ),
  ).toString();

/** Rules that a schema cannot express and the document states in words. */
const IN_WORDS: readonly RegExp[] = [
  /cursor/i,
  /at or sequence, not both/,
  /is after the log's end/,
  /after or from, not both/,
  /is in the future/,
  /must not be after to/,
  /by tenant or day it must be the start of a day/,
  /give vmId by vm only/,
  /until ready needs/,
  /either state or ready/,
  /is more than \d+ seconds ahead/,
];

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane({ withHost: false });
});
afterAll(() => plane?.stop());

test.each(ROUTES)('$name takes what its schemas describe', async ({ method, path, operation }) => {
  const request = fc.record({
    path: valuesIn(operation, 'path'),
    query: valuesIn(operation, 'query'),
    headers: valuesIn(operation, 'header'),
    body: bodyOf(operation),
  });
  await fc.assert(
    fc.asyncProperty(request, async (drawn) => {
      const query = queryOf(drawn.query);
      const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(drawn.path[name])));
      const controller = new AbortController();
      const response = await fetch(`${plane.gateway.url}${url}${query && `?${query}`}`, {
        method: method.toUpperCase(),
        headers: {
          authorization: `Bearer ${TOKENS.admin}`,
          ...(drawn.body !== undefined && { 'content-type': 'application/json' }),
          ...Object.fromEntries(Object.entries(drawn.headers).map(([name, value]) => [name, String(value)])),
        },
        ...(drawn.body !== undefined && { body: JSON.stringify(drawn.body) }),
        signal: controller.signal,
      });
      // A stream has no end: only its headers are read.
      if (response.ok || operation.operationId === 'readyz') return controller.abort();
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      const problem = problemSchema.parse(await response.json());
      expect(problem.code).not.toBe('internal');
      if (problem.status !== 400 && problem.code !== 'invalid-command') return;
      expect(problem.detail, JSON.stringify(drawn)).toSatisfy((detail: string) =>
        IN_WORDS.some((reason) => reason.test(detail)),
      );
    }),
    { numRuns: RUNS },
  );
});
