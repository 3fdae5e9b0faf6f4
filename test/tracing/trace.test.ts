// One request is one trace: through gateway, executor, hypervisor call and projector, and on failure through recovery.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operation, Problem, VmEvent } from '@ironlog/schemas';
import { jetstream } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { counterOf } from '../bad-input/metrics.ts';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';
import { type CollectedSpan, type Collector, startCollector } from './collector.ts';
import { treeOf } from './tree.ts';

const SERVICES = ['api-gateway', 'vm-executor', 'state-projector', 'recovery-worker'];
/** The caller's span. */
const CALLER = 'b7ad6b7169203331';

let collector: Collector;
let test: TestPlane;
let running: Promise<void> | undefined;
const stopPlane = (): Promise<void> | undefined => (running ??= test?.stop());
beforeAll(async () => {
  collector = await startCollector();
  const tracing = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
  const extra = Object.fromEntries(SERVICES.map((service) => [service, tracing]));
  const often = { ...tracing, IRONLOG_HEALTH_CHECK_SECONDS: '1' };
  test = await startTestPlane({ extra: { ...extra, 'vm-executor': often } });
}, 120_000);
afterAll(async () => {
  await stopPlane();
  await collector?.stop();
});

let traces = 0;
/** A new trace id for each call. */
const newTrace = (): string => (++traces).toString(16).padStart(32, 'a');
const traceparentOf = (traceId: string): string => `00-${traceId}-${CALLER}-01`;
const traceIdOf = (traceparent: string | undefined): string => traceparent?.split('-')[1] ?? 'none';

/** The asserted traces, compared again at the end, when no more spans can arrive. */
const asserted = new Map<string, string>();
/** Each service exports independently, so that any span of a trace may arrive last. */
const expectTree = async (traceId: string, tree: string): Promise<readonly CollectedSpan[]> => {
  const wanted = tree.replace(/^\n|\n *$/g, '');
  asserted.set(traceId, wanted);
  await expect.poll(() => treeOf(collector.spansOf(traceId)), { timeout: 20_000 }).toBe(wanted);
  return collector.spansOf(traceId);
};
const find = (spans: readonly CollectedSpan[], service: string, name: string): CollectedSpan => {
  const span = spans.find((one) => one.service === service && one.name === name);
  if (!span) throw new Error(`no span ${name} of ${service} among ${spans.map((one) => one.name).join(', ')}`);
  return span;
};
/** The command ids of the spans, each with its operation id. */
const commandsOf = (spans: readonly CollectedSpan[]): unknown[] => [
  ...new Set(spans.map(({ attributes: { 'ironlog.command_id': id, 'ironlog.operation_id': of } }) => `${id} of ${of}`)),
];
const eventsOf = async (vmId: string): Promise<VmEvent[]> =>
  (await test.events()).flatMap(({ read }) =>
    read.ok && read.stored.kind === 'vm' && read.stored.event.subject === vmId ? [read.stored.event] : [],
  );
const contextOf = ({ traceId, spanId }: CollectedSpan) => ({ traceId, spanId });

describe('a create with start', () => {
  const trace = newTrace();
  let operation: Operation;
  let spans: readonly CollectedSpan[];
  it('is one tree, rooted in the caller', async () => {
    const answer = await test.http<Operation>('POST', '/v1/vms', {
      wait: 30,
      body: { id: 'vm-1', start: true, spec: { restart: { policy: 'on-failure', backoffMs: 10 } } },
      headers: { traceparent: traceparentOf(trace) },
    });
    expect(answer.status).toBe(200);
    operation = answer.body;
    spans = await expectTree(
      trace,
      `
api-gateway: POST /v1/vms
  api-gateway: publish ironlog.work.{host}.{tenant}.{vm}.create
    vm-executor: process ironlog.work.{host}.{tenant}.{vm}.create
      state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (boot-started) x2
      state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (claimed) x2
      vm-executor: task boot
        state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (booted) x2
        vm-executor: hypervisor boot
          vm-executor: vm.boot
      vm-executor: task create
        state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (created) x2
        vm-executor: hypervisor create
          vm-executor: vm.create
`,
    );
    expect(find(spans, 'api-gateway', 'POST /v1/vms').parentSpanId).toBe(CALLER);
  });
  it('has the ids of its command and operation on every span', () => {
    expect(commandsOf(spans)).toEqual([`${operation.id} of ${operation.id}`]);
  });
  it("describes its request by OpenTelemetry's conventions", () => {
    const request = find(spans, 'api-gateway', 'POST /v1/vms');
    expect(request).toMatchObject({
      kind: 'server',
      status: { code: 0 },
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/vms',
        'url.path': '/v1/vms',
        'url.scheme': 'http',
        'ironlog.tenant': 'dev',
        'ironlog.vm_id': 'vm-1',
      },
    });
    expect(Number(request.attributes['http.response.status_code'])).toBe(200);
    for (const { attributes } of spans) for (const name of Object.keys(attributes)) expect(name).toContain('.');
  });
  it('describes its messages likewise: the command on WORK, and each event', async () => {
    const work = {
      'messaging.system': 'nats',
      'messaging.destination.name': 'ironlog.work.host-1.dev.vm-1.create',
      'messaging.destination.template': 'ironlog.work.{host}.{tenant}.{vm}.create',
      'messaging.message.id': `dev.${operation.id}`,
      'ironlog.verb': 'create',
      'ironlog.vm_id': 'vm-1',
    };
    const published = find(spans, 'api-gateway', 'publish ironlog.work.{host}.{tenant}.{vm}.create');
    expect(published).toMatchObject({
      kind: 'producer',
      attributes: { ...work, 'messaging.operation.name': 'publish', 'messaging.operation.type': 'send' },
    });
    expect(find(spans, 'vm-executor', 'process ironlog.work.{host}.{tenant}.{vm}.create')).toMatchObject({
      kind: 'consumer',
      links: [contextOf(published)],
      attributes: { ...work, 'messaging.operation.name': 'process', 'messaging.operation.type': 'process' },
    });
    const projected = spans.filter(({ service }) => service === 'state-projector');
    for (const { id, type, traceparent } of await eventsOf('vm-1')) {
      const own = projected.filter(({ attributes }) => attributes['messaging.message.id'] === id);
      expect(own.map(({ attributes }) => attributes['ironlog.projection']).sort()).toEqual(['history', 'state']);
      for (const span of own)
        expect(span).toMatchObject({
          kind: 'consumer',
          links: [{ traceId: trace, spanId: traceparent?.split('-')[2] }],
          attributes: {
            'messaging.system': 'nats',
            'messaging.operation.name': 'process',
            'messaging.destination.name': 'ironlog.evt.vm.dev.vm-1.host-1.fact',
            'cloudevents.event_type': type,
          },
        });
    }
  });
  it("names the hypervisor's method and its socket on each call, and no ping", () => {
    const socket = join(test.plane.stateDir, 'host-1', 'dev', 'vm-1', 'e1.sock');
    for (const method of ['vm.create', 'vm.boot']) {
      const call = find(spans, 'vm-executor', method);
      expect(call).toMatchObject({
        kind: 'client',
        attributes: {
          'server.address': socket,
          'network.transport': 'unix',
          'http.request.method': 'PUT',
          'url.path': `/api/v1/${method}`,
        },
      });
      expect(Number(call.attributes['http.response.status_code'])).toBe(204);
    }
  });
});

describe('a boot that fails and leaves residue', () => {
  const trace = newTrace();
  it('is one trace with its recovery, and the answer has its id', async () => {
    await test.command('POST', '/v1/vms', { id: 'vm-2', spec: { kernelArgs: 'sim.fail=vm.boot' } });
    // The executor does not remove unknown files. This one is removed before recovery, which then needs one cleanup.
    const left = join(test.plane.stateDir, 'host-1', 'dev', 'vm-2', 'left-behind.sock');
    writeFileSync(left, '');
    const recovery = test.plane.supervisor.pidOf('recovery-worker') ?? 0;
    process.kill(recovery, 'SIGSTOP');
    const answer = await test.http<Problem>('POST', '/v1/vms/vm-2/boot', {
      wait: 30,
      headers: { traceparent: traceparentOf(trace) },
    });
    rmSync(left);
    process.kill(recovery, 'SIGCONT');
    expect(answer).toMatchObject({ status: 502, body: { code: 'operation-failed', traceId: trace } });
    const spans = await expectTree(
      trace,
      `
api-gateway: POST /v1/vms/:id/boot
  api-gateway: publish ironlog.work.{host}.{tenant}.{vm}.boot
    vm-executor: process ironlog.work.{host}.{tenant}.{vm}.boot
      state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (boot-started) x2
      vm-executor: task boot
        recovery-worker: process ironlog.evt.vm.{tenant}.{vm}.{writer}.failure (boot-failed)
          recovery-worker: publish ironlog.work.{host}.{tenant}.{vm}.cleanup
            vm-executor: process ironlog.work.{host}.{tenant}.{vm}.cleanup
              state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (cleanup-started) x2
              vm-executor: task cleanup
                state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (cleaned) x2
        state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.failure (boot-failed) x2
        vm-executor: hypervisor boot
          vm-executor: vm.boot
          vm-executor: vm.info
`,
    );
    expect(find(spans, 'api-gateway', 'POST /v1/vms/:id/boot')).toMatchObject({
      status: { code: 2 },
      attributes: { 'error.type': '502' },
    });
    for (const [name, type] of [
      ['task boot', 'failed'],
      ['hypervisor boot', 'failed'],
      ['vm.boot', '500'],
    ] as const)
      expect(find(spans, 'vm-executor', name)).toMatchObject({
        status: { code: 2 },
        attributes: { 'error.type': type },
      });
    const [boot, cleanup] = [answer.body.operationId, (await eventsOf('vm-2')).at(-1)?.causationid];
    expect(commandsOf(spans).sort()).toEqual([`${boot} of ${boot}`, `${cleanup} of ${boot}`].sort());
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

describe('a hypervisor process that is killed', () => {
  it('begins a trace of the crash, its projection and its recovery, with a link to the create', async () => {
    const made = await eventsOf('vm-1');
    const booted = made.find(({ name }) => name === 'booted');
    if (booted?.name !== 'booted' || booted.data.pid === undefined) throw new Error('vm-1 has not booted');
    process.kill(booted.data.pid, 'SIGKILL');
    const crashed = await until('vm-1 has crashed', async () =>
      (await eventsOf('vm-1')).find(({ name }) => name === 'crashed'),
    );
    const spans = await expectTree(
      traceIdOf(crashed.traceparent),
      `
vm-executor: publish ironlog.evt.vm.{tenant}.{vm}.{writer}.failure (crashed)
  recovery-worker: process ironlog.evt.vm.{tenant}.{vm}.{writer}.failure (crashed)
    recovery-worker: publish ironlog.work.{host}.{tenant}.{vm}.boot
      vm-executor: process ironlog.work.{host}.{tenant}.{vm}.boot
        state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (boot-started) x2
        vm-executor: task boot
          state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (booted) x2
          vm-executor: hypervisor boot
            vm-executor: vm.boot
          vm-executor: hypervisor create
            vm-executor: vm.create
  state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.failure (crashed) x2
`,
    );
    const failure = 'ironlog.evt.vm.{tenant}.{vm}.{writer}.failure';
    const [crash, recovery] = [
      find(spans, 'vm-executor', `publish ${failure}`),
      find(spans, 'recovery-worker', `process ${failure}`),
    ];
    const create = { traceId: traceIdOf(made[0]?.traceparent), spanId: made[0]?.traceparent?.split('-')[2] };
    expect(crash).toMatchObject({
      links: [create],
      kind: 'producer',
      attributes: {
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'ironlog.evt.vm.dev.vm-1.host-1.failure',
        'messaging.message.id': crashed.id,
      },
    });
    expect(recovery.links).toEqual([expect.objectContaining(contextOf(crash)), expect.objectContaining(create)]);
    // The crash itself belongs to no command.
    const boot = (await eventsOf('vm-1')).at(-1)?.causationid;
    expect(commandsOf(spans).sort()).toEqual([`${boot} of ${boot}`, 'undefined of undefined'].sort());
    const without = spans.filter(({ attributes }) => attributes['ironlog.command_id'] === undefined);
    expect(new Set(without.map(({ attributes }) => attributes['cloudevents.event_type']))).toEqual(
      new Set(['ironlog.vm.crashed.v1']),
    );
    expect(without.map(({ service }) => service).sort()).toEqual(['state-projector', 'state-projector', 'vm-executor']);
  });
});

describe('a guest that powers itself off, under always', () => {
  it('begins a trace of each stop, with the boot that follows or with its abandonment', async () => {
    const spec = {
      kernelArgs: 'sim.guest-poweroff-after-ms=200',
      restart: { policy: 'always', maxAttempts: 1, backoffMs: 10 },
    };
    await test.http('POST', '/v1/vms', { wait: 30, body: { id: 'vm-5', start: true, spec } });
    const [first, second] = await until('vm-5 has stopped twice', async () => {
      const stops = (await eventsOf('vm-5')).filter(({ name }) => name === 'stopped');
      return stops.length === 2 ? stops : undefined;
    });
    const spans = await expectTree(
      traceIdOf(first?.traceparent),
      `
vm-executor: publish ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (stopped)
  recovery-worker: recover boot (stopped)
    recovery-worker: publish ironlog.work.{host}.{tenant}.{vm}.boot
      vm-executor: process ironlog.work.{host}.{tenant}.{vm}.boot
        state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (boot-started) x2
        vm-executor: task boot
          state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (booted) x2
          vm-executor: hypervisor boot
            vm-executor: vm.boot
          vm-executor: hypervisor create
            vm-executor: vm.create
  state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (stopped) x2
`,
    );
    const abandoned = await expectTree(
      traceIdOf(second?.traceparent),
      `
vm-executor: publish ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (stopped)
  recovery-worker: abandon (stopped)
    state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (cleanup-abandoned) x2
  state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (stopped) x2
`,
    );
    const boot = find(spans, 'vm-executor', 'process ironlog.work.{host}.{tenant}.{vm}.boot');
    expect(find(abandoned, 'recovery-worker', 'abandon').links.at(-1)).toMatchObject(contextOf(boot));
  });
});

describe('a command at the NATS ingress', () => {
  const publish = async (subject: string, body: string, traceparent: string, msgID?: string): Promise<number> => {
    const { natsUser: user, nats } = test.plane;
    const connection = await connect({ servers: nats.url, user, pass: nats.credentials.passwordOf(user) });
    const traced = headers();
    traced.set('traceparent', traceparent);
    const { seq } = await jetstream(connection).publish(subject, body, { headers: traced, ...(msgID && { msgID }) });
    await connection.close();
    return seq;
  };

  it("continues the trace of its message's header", async () => {
    const trace = newTrace();
    const subject = 'ironlog.cmd.dev.vm-3.create';
    await publish(subject, '', traceparentOf(trace), 'mine-1');
    const spans = await expectTree(
      trace,
      `
api-gateway: process ironlog.cmd.{tenant}.{vm}.create
  api-gateway: publish ironlog.work.{host}.{tenant}.{vm}.create
    vm-executor: process ironlog.work.{host}.{tenant}.{vm}.create
      state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (claimed) x2
      vm-executor: task create
        state-projector: process ironlog.evt.vm.{tenant}.{vm}.{writer}.fact (created) x2
        vm-executor: hypervisor create
          vm-executor: vm.create
`,
    );
    expect(find(spans, 'api-gateway', 'process ironlog.cmd.{tenant}.{vm}.create')).toMatchObject({
      kind: 'consumer',
      parentSpanId: CALLER,
      links: [{ traceId: trace, spanId: CALLER }],
      attributes: {
        'messaging.system': 'nats',
        'messaging.operation.name': 'process',
        'messaging.destination.name': subject,
        'messaging.message.id': 'mine-1',
      },
    });
    const id = (await eventsOf('vm-3'))[0]?.causationid;
    expect(commandsOf(spans)).toEqual([`${id} of ${id}`]);
  });

  it('is traced to its rejection when it is invalid, under its sequence in the stream', async () => {
    const trace = newTrace();
    const sequence = await publish('ironlog.cmd.dev.vm-4.boot', 'rubbish', traceparentOf(trace));
    const spans = await expectTree(
      trace,
      `
api-gateway: process ironlog.cmd.{tenant}.{vm}.boot
  state-projector: process ironlog.evt.cmd.{tenant}.{writer}.rejected (rejected) x2
`,
    );
    expect(find(spans, 'api-gateway', 'process ironlog.cmd.{tenant}.{vm}.boot').attributes).toMatchObject({
      'messaging.message.id': `COMMANDS.${sequence}`,
    });
    expect(commandsOf(spans)).toHaveLength(1);
  });
});

describe('the data sent to the collector', () => {
  it('contains no credential, query string or unknown path', async () => {
    const trace = newTrace();
    const headersOf = { traceparent: traceparentOf(trace) };
    const canary = 'ironlog-canary';
    const refused = await test.http<Problem>('POST', `/v1/vms?token=${canary}`, { body: {}, headers: headersOf });
    expect(refused).toMatchObject({ status: 400, body: { traceId: trace } });
    await test.http('GET', `/${canary}`, { headers: headersOf });
    await test.http('GET', '/v1/vms', { headers: { ...headersOf, authorization: `Bearer ${canary}` } });
    await test.http('GET', `/v1/vms?q=${canary}`, { headers: headersOf });
    const spans = await until('the four requests', () => {
      const all = collector.spansOf(trace);
      return all.length >= 4 ? all : undefined;
    });
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

  it('contains no probes, health checks and other periodic tasks', async () => {
    await until('three health checks', async () =>
      (await counterOf(test, 'vm-executor', 'ironlog_health_checks_total')) >= 3 ? true : undefined,
    );
    // A service sends its last spans at its stop.
    await stopPlane();
    expect(/healthz|readyz|vmm\.ping/.test(collector.received())).toBe(false);
    for (const [trace, tree] of asserted) expect(treeOf(collector.spansOf(trace))).toBe(tree);
    const roots = collector.spans().filter(({ parentSpanId }) => parentSpanId === undefined || parentSpanId === '');
    const begun = roots.filter(({ kind, name }) => kind !== 'server' && !/^publish ironlog\.evt\./.test(name));
    expect(begun.map(({ service, name }) => `${service}: ${name}`)).toEqual([]);
  });
});
