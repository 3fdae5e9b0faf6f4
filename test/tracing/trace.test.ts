// One request is one trace: through gateway, executor, hypervisor call and projector, and on failure through recovery.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '@ironlog/schemas';
import { jetstream } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';
import { type CollectedSpan, type Collector, startCollector } from './collector.ts';

const SERVICES = ['api-gateway', 'vm-executor', 'state-projector', 'recovery-worker'];
/** The span of whoever calls us. */
const CALLER = 'b7ad6b7169203331';

let collector: Collector;
let test: TestPlane;
beforeAll(async () => {
  collector = await startCollector();
  const tracing = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
  test = await startTestPlane({ extra: Object.fromEntries(SERVICES.map((service) => [service, tracing])) });
}, 120_000);
afterAll(async () => {
  await test?.stop();
  await collector?.stop();
});

let traces = 0;
/** A caller's trace id, another one each time. */
const newTrace = (): string => (++traces).toString(16).padStart(32, 'a');
const traceparentOf = (traceId: string): string => `00-${traceId}-${CALLER}-01`;

/** Each service exports by itself, so a span can be here before the one it belongs to: no tree has a gap when it is read. */
const collected = (traceId: string, enough: (spans: readonly CollectedSpan[]) => boolean) =>
  until(`enough spans of ${traceId}`, () => {
    const spans = collector.spansOf(traceId);
    const known = new Set<string | undefined>([CALLER, ...spans.map(({ spanId }) => spanId)]);
    return spans.every(({ parentSpanId }) => known.has(parentSpanId)) && enough(spans) ? spans : undefined;
  });
const find = (spans: readonly CollectedSpan[], service: string, name: string): CollectedSpan => {
  const span = spans.find((one) => one.service === service && one.name === name);
  if (!span) throw new Error(`no span ${name} of ${service} among ${spans.map((one) => one.name).join(', ')}`);
  return span;
};
/** From `span` up to the root of what was collected, by name. */
const ancestors = (spans: readonly CollectedSpan[], span: CollectedSpan): string[] => {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent ? [`${parent.service}: ${parent.name}`, ...ancestors(spans, parent)] : [];
};
const hasRoot = (spans: readonly CollectedSpan[]): boolean => spans.some(({ kind }) => kind === 'server');
const projected = (spans: readonly CollectedSpan[]): number =>
  new Set(spans.filter(({ name }) => name === 'project').map(({ attributes }) => attributes['ironlog.sequence'])).size;
const traceparentsOfEvents = async (vmId: string): Promise<string[]> =>
  (await test.events()).flatMap(({ read }) =>
    read.ok && read.stored.kind === 'vm' && read.stored.event.subject === vmId
      ? [read.stored.event.traceparent ?? 'none']
      : [],
  );

describe('a create with start', () => {
  const trace = newTrace();
  let spans: readonly CollectedSpan[];
  beforeAll(async () => {
    const answer = await test.http('POST', '/v1/vms', {
      wait: 30,
      body: { id: 'vm-1', start: true, spec: {} },
      headers: { traceparent: traceparentOf(trace) },
    });
    expect(answer.status).toBe(200);
    // claimed, created, boot-started, booted
    spans = await collected(trace, (all) => hasRoot(all) && projected(all) === 4);
  });

  it('is one tree, rooted in the caller: gateway, executor, hypervisor call, projector', () => {
    const roots = spans.filter(({ parentSpanId }) => !spans.some(({ spanId }) => spanId === parentSpanId));
    expect(roots.map(({ service, name, parentSpanId }) => [service, name, parentSpanId])).toEqual([
      ['api-gateway', 'POST /v1/vms', CALLER],
    ]);
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(['api-gateway', 'vm-executor', 'state-projector']),
    );
    expect(ancestors(spans, find(spans, 'vm-executor', 'boot'))).toEqual([
      'vm-executor: task boot',
      'vm-executor: accept create',
      'api-gateway: accept create',
      'api-gateway: POST /v1/vms',
    ]);
    const boot = find(spans, 'vm-executor', 'task boot');
    expect(spans.filter(({ parentSpanId }) => parentSpanId === boot.spanId).map(({ name }) => name)).toContain(
      'project',
    );
  });
  it('has no span for each ping of a hypervisor that is starting, nor for each hook of the HTTP server', () => {
    expect(spans.filter(({ attributes }) => String(attributes['url.path']).endsWith('vmm.ping'))).toEqual([]);
    expect(spans.filter(({ service }) => service === 'api-gateway')).toHaveLength(2);
  });
  it("names and describes its spans as OpenTelemetry's conventions want it", () => {
    expect(find(spans, 'api-gateway', 'POST /v1/vms')).toMatchObject({
      kind: 'server',
      status: { code: 0 },
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/vms',
        'url.path': '/v1/vms',
        'url.scheme': 'http',
        'ironlog.tenant': 'dev',
      },
    });
    expect(Number(find(spans, 'api-gateway', 'POST /v1/vms').attributes['http.response.status_code'])).toBe(200);
    expect(find(spans, 'api-gateway', 'accept create')).toMatchObject({
      kind: 'producer',
      attributes: { 'messaging.system': 'nats', 'messaging.operation.type': 'send', 'ironlog.verb': 'create' },
    });
    expect(find(spans, 'vm-executor', 'accept create')).toMatchObject({
      kind: 'consumer',
      attributes: { 'messaging.system': 'nats', 'messaging.operation.type': 'process', 'ironlog.vm_id': 'vm-1' },
    });
    expect(find(spans, 'vm-executor', 'create')).toMatchObject({ kind: 'client' });
    for (const { attributes } of spans) for (const name of Object.keys(attributes)) expect(name).toContain('.');
  });
  it('is named by each of its events', async () => {
    const events = await traceparentsOfEvents('vm-1');
    expect(events).toHaveLength(4);
    for (const traceparent of events) {
      expect(traceparent).toContain(trace);
      expect(spans.map(({ spanId }) => spanId)).toContain(traceparent.split('-')[2]);
    }
  });
});

describe('a boot that fails and leaves something behind', () => {
  const trace = newTrace();
  it('is one trace with the recovery that puts it right, and its answer names it', async () => {
    await test.command('POST', '/v1/vms', { id: 'vm-2', spec: { kernelArgs: 'sim.fail=vm.boot' } });
    // What the executor does not know it need not remove: recovery's cleanup has something to do.
    writeFileSync(join(test.plane.stateDir, 'host-1', 'dev', 'vm-2', 'left-behind.sock'), '');
    const answer = await test.http<Problem>('POST', '/v1/vms/vm-2/boot', {
      wait: 30,
      headers: { traceparent: traceparentOf(trace) },
    });
    expect(answer).toMatchObject({ status: 502, body: { code: 'operation-failed', traceId: trace } });
    const spans = await collected(
      trace,
      (all) =>
        hasRoot(all) &&
        projected(all) > 0 &&
        all.some(({ service, name }) => service === 'vm-executor' && name === 'task cleanup'),
    );
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(SERVICES));
    expect(ancestors(spans, find(spans, 'vm-executor', 'task cleanup'))).toEqual([
      'vm-executor: accept cleanup',
      'recovery-worker: recover cleanup',
      'vm-executor: task boot',
      'vm-executor: accept boot',
      'api-gateway: accept boot',
      'api-gateway: POST /v1/vms/:id/boot',
    ]);
    expect(find(spans, 'api-gateway', 'POST /v1/vms/:id/boot')).toMatchObject({
      status: { code: 2 },
      attributes: { 'error.type': '502' },
    });
    expect(find(spans, 'vm-executor', 'boot').status.code).toBe(2);
    const events = await traceparentsOfEvents('vm-2');
    expect(events.slice(2).filter((traceparent) => traceparent.includes(trace)).length).toBeGreaterThanOrEqual(4);
  });
  it('leaves lines in the logs that carry the trace', () => {
    const lines = readFileSync(join(test.plane.stateDir, 'logs', 'vm-executor.log'), 'utf8').split('\n');
    const failed = lines.find((line) => line.includes('"task failed"'));
    expect(JSON.parse(failed ?? '{}')).toMatchObject({
      trace_id: trace,
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });
});

describe('a command at the NATS door', () => {
  it("goes on with the trace of its message's header", async () => {
    const { natsUser: user, nats } = test.plane;
    const connection = await connect({
      servers: nats.url,
      user,
      pass: nats.credentials.passwordOf(user),
    });
    const trace = newTrace();
    const traced = headers();
    traced.set('traceparent', traceparentOf(trace));
    await jetstream(connection).publish('ironlog.cmd.dev.vm-3.create', '', { headers: traced });
    await connection.close();
    const spans = await collected(
      trace,
      (all) => projected(all) === 2 && all.some(({ name }) => name === 'nats create'),
    );
    expect(find(spans, 'api-gateway', 'nats create')).toMatchObject({ kind: 'consumer', parentSpanId: CALLER });
    expect(ancestors(spans, find(spans, 'vm-executor', 'create'))).toEqual([
      'vm-executor: task create',
      'vm-executor: accept create',
      'api-gateway: nats create',
    ]);
  });
});

describe('what is sent to the collector', () => {
  it('holds no credential, and nothing of a query string or of a path that no route has', async () => {
    const trace = newTrace();
    const headersOf = { traceparent: traceparentOf(trace) };
    const canary = 'ironlog-canary';
    const refused = await test.http<Problem>('POST', `/v1/vms?token=${canary}`, { body: {}, headers: headersOf });
    expect(refused).toMatchObject({ status: 400, body: { traceId: trace } });
    await test.http('GET', `/${canary}`, { headers: headersOf });
    await test.http('GET', '/v1/vms', { headers: { ...headersOf, authorization: `Bearer ${canary}` } });
    await test.http('GET', `/v1/vms?q=${canary}`, { headers: headersOf });
    const spans = await collected(trace, (all) => all.length >= 4);
    expect(
      spans.map(({ name, status, attributes }) => [name, Number(attributes['http.response.status_code']), status.code]),
    ).toEqual([
      ['POST /v1/vms', 400, 0],
      ['GET', 404, 0],
      ['GET /v1/vms', 401, 0],
      ['GET /v1/vms', 200, 0],
    ]);
    const received = collector.received();
    const secrets = [
      canary,
      test.plane.token,
      ...['gateway', 'recovery', 'projector', test.plane.natsUser].map((user) =>
        test.plane.nats.credentials.passwordOf(user),
      ),
    ];
    // Compared here, so that a failure does not print them.
    expect(secrets.map((secret) => received.includes(secret))).toEqual(secrets.map(() => false));
  });
  it('holds nothing of probes', () => {
    expect(/healthz|readyz/.test(collector.received())).toBe(false);
  });
});
