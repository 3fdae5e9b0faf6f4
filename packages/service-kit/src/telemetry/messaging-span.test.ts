// The spans of messages, recorded by a test tracer in this process.
import { ROOT_CONTEXT, type SpanContext, type SpanOptions, type Tracer, trace } from '@opentelemetry/api';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { openPublishSpan, withProcessSpan, withPublishSpan } from './messaging-span.ts';
import { activeTraceparent, outsideSpans, withSpan } from './span.ts';

interface Started {
  readonly name: string;
  readonly options: SpanOptions | undefined;
  readonly parent: SpanContext | undefined;
}
let started: Started[] = [];
const tracer = {
  startSpan: (name: string, options?: SpanOptions, context = ROOT_CONTEXT) => {
    started.push({ name, options, parent: trace.getSpanContext(context) });
    return trace.wrapSpanContext({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 });
  },
} as Partial<Tracer> as Tracer;
trace.setGlobalTracerProvider({ getTracer: () => tracer });
afterAll(() => trace.disable());
beforeEach(() => {
  started = [];
});

const TRACE = 'a'.repeat(32);
const parent = `00-${TRACE}-${'b'.repeat(16)}-01`;
const other = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
const message = { subject: 'ironlog.work.host-1.acme.vm-1.boot', id: 'acme.cmd-1' };
const command = { commandId: 'cmd-1', operationId: 'cmd-0' };
const ids = { 'ironlog.command_id': 'cmd-1', 'ironlog.operation_id': 'cmd-0' };

test('a span is named by its operation and subject template, and has the subject and the message id', async () => {
  await withPublishSpan(message, { parent, attributes: { verb: 'boot' } }, () => undefined);
  expect(started).toMatchObject([
    {
      name: 'publish ironlog.work.{host}.{tenant}.{vm}.boot',
      parent: { traceId: TRACE },
      options: {
        attributes: {
          'messaging.system': 'nats',
          'messaging.operation.name': 'publish',
          'messaging.operation.type': 'send',
          'messaging.destination.name': message.subject,
          'messaging.destination.template': 'ironlog.work.{host}.{tenant}.{vm}.boot',
          'messaging.message.id': 'acme.cmd-1',
          'ironlog.verb': 'boot',
        },
      },
    },
  ]);
});

test('a process span links to its message and to the given links', async () => {
  await withProcessSpan(message, { parent, links: [undefined, other, 'rubbish'] }, () => undefined);
  expect(started[0]?.options?.links?.map(({ context }) => context.spanId)).toEqual(['b'.repeat(16), 'd'.repeat(16)]);
});

test('a nested span has the same command; one with an explicit parent does not', async () => {
  await withProcessSpan(message, { parent, command }, async () => {
    await withSpan('within', {}, () => undefined);
    await withSpan('of another', { parent: other }, () => undefined);
    openPublishSpan({ ...message, id: undefined }, { parent: other }).end();
  });
  const [own, within, ofAnother, published] = started.map(({ options }) => options?.attributes);
  expect(own).toMatchObject(ids);
  expect(within).toEqual(ids);
  expect(ofAnother).toEqual({});
  expect(published).not.toHaveProperty('ironlog.command_id');
  expect(published).not.toHaveProperty('messaging.message.id');
});

test('work outside of spans has no span, even if it was started within one', async () => {
  await withProcessSpan(message, { parent, command }, async () => {
    await outsideSpans(async () => {
      await new Promise(setImmediate);
      expect(activeTraceparent()).toBeUndefined();
      await withSpan('alone', {}, () => undefined);
    });
  });
  expect(started[1]).toMatchObject({ name: 'alone', parent: undefined, options: { attributes: {} } });
});
