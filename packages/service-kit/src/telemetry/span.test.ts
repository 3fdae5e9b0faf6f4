import { createInbox, headers } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { activeTraceparent, extractTraceparent, injectTraceparent, withSpan } from './span.ts';
import { isTraceparent, newTraceparent } from './traceparent.ts';

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const traceId = (traceparent: string | undefined) => traceparent?.split('-')[1];

test.each([
  undefined,
  '',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331',
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
  `${parent}\r\nx: y`,
  `${parent}-extra`,
  parent.toUpperCase(),
])('%j is no traceparent', (value) => {
  expect(isTraceparent(value)).toBe(false);
});

test('a new traceparent is valid, unique, and not sampled', () => {
  const [a, b] = [newTraceparent(), newTraceparent()];
  expect(isTraceparent(a) && isTraceparent(b)).toBe(true);
  expect(traceId(a)).not.toBe(traceId(b));
  expect(a.endsWith('-00')).toBe(true);
});

test('without tracing, a parent is passed through to all work within, across awaits', async () => {
  const seen = await withSpan('outer', { parent }, async (outer) => {
    await new Promise(setImmediate);
    return withSpan('inner', {}, async (inner) => {
      await new Promise(setImmediate);
      return [outer.traceparent, inner.traceparent, activeTraceparent()];
    });
  });
  expect(seen).toEqual([parent, parent, parent]);
});

test('without tracing and without a valid parent, the whole work shares one new trace id', async () => {
  const [outer, inner] = await withSpan('outer', { parent: 'rubbish' }, (span) =>
    withSpan('inner', {}, (nested) => [span.traceparent, nested.traceparent]),
  );
  expect(isTraceparent(outer)).toBe(true);
  expect(inner).toBe(outer);
  expect(activeTraceparent()).toBeUndefined();
});

test('concurrent work keeps its traces apart', async () => {
  const one = (of: string) =>
    withSpan('work', { parent: of }, async () => {
      await new Promise(setImmediate);
      return activeTraceparent();
    });
  const parents = [newTraceparent(), newTraceparent()];
  expect(await Promise.all(parents.map(one))).toEqual(parents);
});

test('an error of the work is rethrown', async () => {
  await expect(withSpan('work', {}, () => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
});

test('a traceparent is carried in NATS headers, and an invalid one is ignored', async () => {
  const message = headers();
  await withSpan('publish', { parent }, () => injectTraceparent(message));
  expect(extractTraceparent(message)).toBe(parent);
  message.set('traceparent', createInbox());
  expect(extractTraceparent(message)).toBeUndefined();
  expect(extractTraceparent(undefined)).toBeUndefined();
});
