import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../config/secret.ts';
import { createLogger, type LogLevel } from './log.ts';

const capture = (level: LogLevel = 'info') => {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'gateway',
    host: 'host-1',
    level,
    to: { write: (line) => void lines.push(line) },
  });
  return { logger, text: () => lines.join(''), last: () => JSON.parse(lines.at(-1) ?? 'null') };
};

test('a line is JSON with service, host, level and an RFC 3339 time', () => {
  const { logger, last } = capture();
  logger.info({ vmId: 'vm-1', sequence: 7 }, 'booted');
  expect(last()).toMatchObject({
    service: 'gateway',
    host: 'host-1',
    level: 'info',
    vmId: 'vm-1',
    sequence: 7,
    msg: 'booted',
  });
  expect(last().time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(last()).not.toHaveProperty('trace_id');
});

test('fields that are not allowed keep their name and lose their value, also in child loggers', () => {
  const { logger, last, text } = capture();
  const fields = {
    authorization: 'canary',
    password: 'canary',
    token: 'canary',
    spec: { env: 'canary' },
    req: { headers: { cookie: 'canary' } },
  };
  logger.info({ ...fields, path: { nested: 'canary' } }, 'in a line');
  expect(last().token).toBe('[dropped: not an allowed log field]');
  expect(last().path).toBe('[dropped: not an allowed log field]');
  logger.child({ ...fields, tenant: 'acme' }).info('in a child');
  expect(last().tenant).toBe('acme');
  expect(text()).not.toContain('canary');
});

test('an error is logged with type, message, code, stack and cause, without other properties', () => {
  const { logger, last, text } = capture();
  const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED', request: { headers: 'canary' } });
  logger.error({ err: new Error('no answer', { cause }) }, 'failed');
  expect(last().err).toMatchObject({
    type: 'Error',
    message: 'no answer',
    cause: { message: 'connect refused', code: 'ECONNREFUSED' },
  });
  expect(last().err.stack).toContain('log.test.ts');
  expect(text()).not.toContain('canary');
});

test('credentials inside text are scrubbed', () => {
  const { logger, text } = capture();
  logger.error(
    { err: new Error('header was Authorization: Bearer canary1') },
    'nats://user:canary2@127.0.0.1 ?token=canary3&x=1',
  );
  logger.info({ reason: 'body {"password": "canary4"}' }, inspect(new Secret('canary5')));
  expect(text()).not.toContain('canary');
  expect(text()).toContain('127.0.0.1');
});

test('lines below the level are not written', () => {
  const { logger, text } = capture('warn');
  logger.info('no');
  expect(text()).toBe('');
});
