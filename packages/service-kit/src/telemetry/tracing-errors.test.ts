import { expect, test } from 'vitest';
import { createManualClock } from '../time/clock.ts';
import { createLogger } from './log.ts';
import { withSpan } from './span.ts';
import { tracingErrors } from './tracing-errors.ts';

const REFUSED = JSON.stringify({ stack: 'Error: …\n at x', message: 'connect ECONNREFUSED 127.0.0.1:4318' });

const scene = (endpoint = 'http://127.0.0.1:4318') => {
  const lines: string[] = [];
  const logger = createLogger({ service: 'test', to: { write: (line) => void lines.push(line) } });
  const clock = createManualClock(new Date());
  return { lines, clock, tracingErrorLog: tracingErrors({ logger, endpoint, clock }) };
};

test('an unavailable collector is logged in one line, with the reason, and again after a while', () => {
  const { lines, clock, tracingErrorLog } = scene();
  for (const _ of [1, 2, 3]) {
    tracingErrorLog.error(REFUSED);
    clock.advance(10_000);
  }
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      level: 'warn',
      reason: 'connect ECONNREFUSED 127.0.0.1:4318',
      msg: 'traces may be lost: see whether a collector listens at http://127.0.0.1:4318',
    },
  ]);
  clock.advance(5 * 60_000);
  tracingErrorLog.error(REFUSED);
  expect(lines).toHaveLength(2);
});

test('another error is logged at once, and a password in the address is not', () => {
  const { lines, tracingErrorLog } = scene('http://ada:canary@collector:4318');
  tracingErrorLog.error(REFUSED);
  tracingErrorLog.warn('spans are dropped: the queue is full');
  expect(lines).toHaveLength(2);
  expect(lines.join('')).toContain('collector:4318');
  expect(lines.join('')).not.toContain('canary');
});

test('an error within a request is logged outside its trace', async () => {
  const { lines, tracingErrorLog } = scene();
  await withSpan('POST /v1/vms', {}, () => tracingErrorLog.error(REFUSED));
  expect(JSON.parse(lines[0] ?? '')).not.toHaveProperty('trace_id');
});
