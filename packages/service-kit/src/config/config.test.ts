import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadConfig } from './config.ts';
import {
  hostEnvironment,
  httpEnvironment,
  logEnvironment,
  natsEnvironment,
  natsSettings,
  readModelEnvironment,
  stateEnvironment,
} from './environment.ts';

const shape = {
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...stateEnvironment,
  ...readModelEnvironment,
  ...hostEnvironment,
};
const schema = z.object(shape);
const good = {
  IRONLOG_NATS_URL: 'nats://127.0.0.1:4222,nats://127.0.0.1:4223',
  IRONLOG_NATS_USER: 'projector',
  IRONLOG_NATS_PASSWORD: 'canary-4711',
  IRONLOG_NATS_SERVER_NAME: 'n1, n2',
  IRONLOG_HTTP_PORT: '0',
  IRONLOG_STATE_DIR: '/var/lib/ironlog',
  IRONLOG_READ_MODEL_DIR: '/var/lib/ironlog/read-model',
  IRONLOG_HOST_ID: 'host-1',
  PATH: '/usr/bin',
};

const refusal = (env: Record<string, string | undefined>): string => {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('this environment was accepted');
};

test('a good environment is loaded, with defaults', () => {
  const config = loadConfig(schema, good);
  expect(config).toMatchObject({
    IRONLOG_LOG_LEVEL: 'info',
    IRONLOG_HTTP_HOST: '127.0.0.1',
    IRONLOG_HTTP_PORT: 0,
    IRONLOG_ALLOW_UNSAFE_SYNC: false,
    IRONLOG_HOST_ID: 'host-1',
  });
  const nats = natsSettings(config);
  expect(nats).toMatchObject({
    urls: ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4223'],
    serverNames: ['n1', 'n2'],
    monitorUrls: [],
  });
  expect(nats.password.reveal()).toBe('canary-4711');
});

test("a schema that ends in a transform returns the transform's result", () => {
  const transformed = schema.transform((env) => ({ port: env.IRONLOG_HTTP_PORT }));
  expect(loadConfig(transformed, good)).toEqual({ port: 0 });
});

test.each([
  ['IRONLOG_HTTP_PORT', '65536'],
  ['IRONLOG_HTTP_PORT', '80a'],
  ['IRONLOG_HTTP_HOST', 'example.org; rm'],
  ['IRONLOG_LOG_LEVEL', 'loud'],
  ['IRONLOG_NATS_URL', 'http://127.0.0.1:4222'],
  ['IRONLOG_NATS_URL', '127.0.0.1:4222'],
  ['IRONLOG_NATS_USER', 'a.b.>'],
  ['IRONLOG_NATS_MONITOR_URL', 'nats://127.0.0.1'],
  ['IRONLOG_STATE_DIR', 'relative/path'],
  ['IRONLOG_READ_MODEL_DIR', '.'],
  ['IRONLOG_HOST_ID', 'Host_1'],
  ['IRONLOG_HOST_ID', 'any'],
  ['IRONLOG_ALLOW_UNSAFE_SYNC', 'perhaps'],
])('%s=%s is refused with its name, its value and the accepted values', (name, value) => {
  const message = refusal({ ...good, [name]: value });
  const accepted = shape[name as keyof typeof shape].meta()?.description ?? 'no description';
  expect(message).toBe(`${name} is ${JSON.stringify(value)}; it takes ${accepted}`);
});

test('missing and empty variables are named, all at once', () => {
  expect(refusal({ ...good, IRONLOG_STATE_DIR: undefined, IRONLOG_NATS_PASSWORD: '' }).split('\n')).toEqual([
    'IRONLOG_NATS_PASSWORD is not set; it takes a non-empty secret',
    'IRONLOG_STATE_DIR is not set; it takes an absolute path',
  ]);
});

test('an unknown variable is an error that names the most similar known one', () => {
  expect(refusal({ ...good, IRONLOG_HTPP_PORT: '8080' })).toBe(
    'IRONLOG_HTPP_PORT is not a variable of this service; the nearest is IRONLOG_HTTP_PORT',
  );
});

test("a secret's value is never in the message, whether marked as secret or only named like one", () => {
  const strict = z.object({
    IRONLOG_API_TOKEN: z.string().max(3),
    IRONLOG_DOOR: z.string().max(3).meta({ secret: true }),
  });
  for (const name of ['IRONLOG_API_TOKEN', 'IRONLOG_DOOR']) {
    const env = { IRONLOG_API_TOKEN: 'x', IRONLOG_DOOR: 'x', [name]: 'canary' };
    expect(() => loadConfig(strict, env)).toThrow(`${name} is [secret]`);
    expect(() => loadConfig(strict, env)).not.toThrow('canary');
  }
});

test('a password in a URL is refused and redacted', () => {
  const message = refusal({ ...good, IRONLOG_NATS_URL: 'nats://gw:canary@127.0.0.1:4222' });
  expect(message).toContain('IRONLOG_NATS_URL is "nats://[secret]@127.0.0.1:4222"; it takes URLs');
  expect(message).not.toContain('canary');
});

test('every shared variable describes its accepted values', () => {
  const silent = Object.entries(shape).filter(([, field]) => field.meta()?.description === undefined);
  expect(silent.map(([name]) => name)).toEqual([]);
});
