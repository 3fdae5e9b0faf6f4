// For tests: the executor's configuration read from an environment with all required variables set.
import { loadConfig } from '@ironlog/service-kit';
import { type ExecutorConfig, environmentSchema } from './env.ts';

/** The required variables. */
export const NEEDED = {
  IRONLOG_NATS_URL: 'nats://127.0.0.1:4222',
  IRONLOG_NATS_USER: 'executor',
  IRONLOG_NATS_PASSWORD: 'secret',
  IRONLOG_NATS_SERVER_NAME: 'test',
  IRONLOG_HTTP_PORT: '0',
  IRONLOG_STATE_DIR: '/nonexistent',
  IRONLOG_HOST_ID: 'host-1',
};

/** `undefined`: not set. @throws ConfigError */
export const loadFrom = (env: Readonly<Record<string, string | undefined>> = {}): ExecutorConfig =>
  loadConfig(environmentSchema, { ...NEEDED, ...env });
