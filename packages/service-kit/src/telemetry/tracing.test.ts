import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';

// Each test starts a process, whose duration depends on the machine.
vi.setConfig({ testTimeout: 30_000 });

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const report = z.object({ on: z.boolean(), inEvent: z.string(), inCall: z.string() });
// The part of OTLP/JSON that these tests read: opentelemetry-proto, ExportTraceServiceRequest.
const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(z.object({ key: z.string(), value: z.unknown() })) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              name: z.string(),
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              status: z.object({ code: z.number().optional(), message: z.string().optional() }).optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** A collector that keeps what it receives. */
let collector: Server;
let bodies: string[];
let paths: string[];
beforeEach(async () => {
  bodies = [];
  paths = [];
  collector = createServer(async (request, response) => {
    paths.push(request.url ?? '');
    bodies.push(await text(request));
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
});
afterEach(() => {
  collector.close();
  collector.closeAllConnections();
});
const endpoint = () => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

// Prints the URL of every OpenTelemetry module that the process loads to standard error.
const LOADED = `import { registerHooks } from 'node:module';
registerHooks({ load: (url, context, next) => {
  if (url.includes('/@opentelemetry/')) process.stderr.write(url + '\\n');
  return next(url, context);
} });`;

const runFixture = async (env: Record<string, string>) => {
  const child = fork(join(import.meta.dirname, 'tracing.fixture.ts'), [], {
    env: { PATH: process.env.PATH, ...env },
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(LOADED)}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  if (child.stdout === null || child.stderr === null) throw new Error('the fixture has no output');
  const [stdout, loaded, [message], [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'message'),
    once(child, 'close'),
  ]);
  return { code, stdout, loaded, ...report.parse(message) };
};
const spans = () =>
  bodies
    .map((body) => exported.parse(JSON.parse(body)))
    .flatMap(({ resourceSpans }) => resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap((scope) => scope.spans);

test('a cause, the work and a call in it are one trace, flushed to the collector before the process ends', async () => {
  const ended = await runFixture({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(), OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' });
  expect(ended).toMatchObject({ code: 0, on: true });
  expect(new Set(paths)).toEqual(new Set(['/v1/traces']));

  expect(ended.loaded).toContain('/@opentelemetry/sdk-node/');

  const all = spans();
  expect(new Set(all.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  const boot = all.find(({ name }) => name === 'boot');
  expect(boot?.parentSpanId).toBe('b7ad6b7169203331');
  expect(ended.inEvent).toBe(`00-${TRACE}-${boot?.spanId}-01`);
  const call = all.find(({ parentSpanId }) => parentSpanId === boot?.spanId);
  expect(ended.inCall).toBe(`00-${TRACE}-${call?.spanId}-01`);
  expect(all.find(({ name }) => name === 'failing')?.status).toMatchObject({ code: 2, message: 'no disk' });
  expect(bodies.join('')).toContain('{"key":"service.name","value":{"stringValue":"fixture"}}');

  const inside = ended.stdout.split('\n').find((line) => line.includes('"inside"'));
  expect(JSON.parse(inside ?? '{}')).toMatchObject({ trace_id: TRACE, span_id: boot?.spanId });
});

test('OTEL_SERVICE_NAME and a separate traces endpoint are used', async () => {
  await runFixture({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint()}/own`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_SERVICE_NAME: 'renamed',
  });
  expect(new Set(paths)).toEqual(new Set(['/own']));
  expect(bodies.join('')).toContain('{"key":"service.name","value":{"stringValue":"renamed"}}');
});

test.each([
  ['nothing is set', () => ({})],
  ['the SDK is disabled', () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(), OTEL_SDK_DISABLED: 'true' })],
  ['the exporter is none', () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(), OTEL_TRACES_EXPORTER: 'none' })],
])('tracing is off and not loaded when %s; the parent is passed through, and log lines carry it', async (_, env) => {
  const ended = await runFixture(env());
  expect(ended).toMatchObject({ code: 0, on: false, inEvent: `00-${TRACE}-b7ad6b7169203331-01` });
  const inside = ended.stdout.split('\n').find((line) => line.includes('"inside"'));
  expect(JSON.parse(inside ?? '{}')).toMatchObject({ trace_id: TRACE, span_id: 'b7ad6b7169203331' });
  const packages = [...ended.loaded.matchAll(/@opentelemetry\/([^/]+)/g)].map((found) => found[1]);
  expect([...new Set(packages)]).toEqual(['api']);
  expect(bodies).toEqual([]);
});

test('an unavailable collector costs the spans, not the stop, and is logged', async () => {
  const away = endpoint();
  collector.close();
  await once(collector, 'close');
  const ended = await runFixture({ OTEL_EXPORTER_OTLP_ENDPOINT: away, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' });
  expect(ended.code).toBe(0);
  expect(ended.stdout).toMatch(/OpenTelemetry|spans may be lost/);
  for (const line of ended.stdout.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
});
