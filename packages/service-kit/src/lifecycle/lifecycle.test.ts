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

test('a stop ends all waiting, and then undoes what was done, last first, once', async () => {
  const { runtime, atStop, stop, done, step } = lifecycle();
  runtime.signal.addEventListener('abort', () => done.push('aborted'));
  atStop(step('first'));
  atStop(step('second'));
  await stop();
  expect(done).toEqual(['aborted', 'second', 'first']);
  await stop();
  expect(done).toHaveLength(3);
});

test('a step that fails keeps no other from being taken, and is told', async () => {
  const { atStop, stop, done, step, lines } = lifecycle();
  atStop(step('first'));
  atStop(() => {
    throw new Error('cannot be closed');
  });
  await expect(stop()).rejects.toThrow('cannot be closed');
  expect(done).toEqual(['first']);
  expect(lines.join('')).toContain('cannot be closed');
});

test('what a start that is still under way opens after the stop is undone all the same', async () => {
  const { atStop, stop, done, step } = lifecycle();
  await stop();
  atStop(step('late'));
  expect(done).toEqual(['late']);
});

test('the signal that it was given ends it too', () => {
  const asked = new AbortController();
  const { runtime } = createLifecycle('test', { signal: asked.signal, logger: lifecycle().runtime.logger });
  asked.abort(new Error('stopped by SIGTERM'));
  expect(runtime.signal.reason).toEqual(new Error('stopped by SIGTERM'));
});
