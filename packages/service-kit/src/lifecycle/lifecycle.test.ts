import { expect, test } from 'vitest';
import { createLogger } from '../telemetry/log.ts';
import { createLifecycle } from './lifecycle.ts';

const lifecycle = () => {
  const lines: string[] = [];
  const logger = createLogger({ service: 'test', to: { write: (line) => void lines.push(line) } });
  const done: string[] = [];
  const step = (name: string) => async (): Promise<void> => void done.push(name);
  return { ...createLifecycle('test', { logger }), lines, done, step };
};

test('a stop aborts all waiting, then runs the stop steps in reverse order, once', async () => {
  const { runtime, atStop, stop, done, step } = lifecycle();
  runtime.signal.addEventListener('abort', () => done.push('aborted'));
  atStop(step('first'));
  atStop(step('second'));
  await stop();
  expect(done).toEqual(['aborted', 'second', 'first']);
  await stop();
  expect(done).toHaveLength(3);
});

test('a failing step prevents no other, and is logged', async () => {
  const { atStop, stop, done, step, lines } = lifecycle();
  atStop(step('first'));
  atStop(() => {
    throw new Error('cannot be closed');
  });
  await expect(stop()).rejects.toThrow('cannot be closed');
  expect(done).toEqual(['first']);
  expect(lines.join('')).toContain('cannot be closed');
});

test('a resource opened after the stop, by a start still in progress, is released at once', async () => {
  const { atStop, stop, done, step } = lifecycle();
  await stop();
  atStop(step('late'));
  expect(done).toEqual(['late']);
});

test('the given signal ends it, too', () => {
  const asked = new AbortController();
  const { runtime } = createLifecycle('test', { signal: asked.signal, logger: lifecycle().runtime.logger });
  asked.abort(new Error('stopped by SIGTERM'));
  expect(runtime.signal.reason).toEqual(new Error('stopped by SIGTERM'));
});
