import { expect, it } from 'vitest';
import { createHealth } from '../lifecycle/health.ts';
import { createLogger } from '../telemetry/log.ts';
import { checkStreams } from './stream-health.ts';

const logged = () => {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'test',
    level: 'info',
    to: { write: (line: string) => void lines.push(line) },
  });
  return { lines, logger };
};

it('turns readiness red, and logs each wrong setting once', async () => {
  const { lines, logger } = logged();
  const health = createHealth();
  await checkStreams({ health, logger }, async () => ['stream WORK: compression is "s2", should be "none"']);
  const { ready, checks } = await health.report();
  expect({ ready, streams: checks.streams }).toEqual({
    ready: false,
    streams: { ok: false, reason: 'stream WORK: compression is "s2", should be "none"' },
  });
  await health.report();
  expect(lines.filter((line) => line.includes('stream-config'))).toHaveLength(1);
});

it('keeps its state while JetStream does not answer', async () => {
  const { logger } = logged();
  const health = createHealth();
  await checkStreams({ health, logger }, () => Promise.reject(new Error('no responders')));
  expect((await health.report()).checks.streams).toEqual({ ok: true });
});
