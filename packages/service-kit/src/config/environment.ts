/** The environment variables that services share, one zod shape per concern, and the only access to `process.env`. */
import { hostIdSchema } from '@ironlog/schemas';
import { z } from 'zod';
import { type Secret, secretString } from './secret.ts';

/** The variables of this process. All other code takes an environment as an argument. */
export const processEnvironment = (): Readonly<Record<string, string | undefined>> => process.env;

const list = (value: string): readonly string[] => value.split(',').map((item) => item.trim());

// A password in a URL would appear in logs and error messages; it has its own variable.
const urls = (protocol: RegExp) => {
  const url = z.url({ protocol }).refine((text) => !text.includes('@'));
  return z.string().transform(list).pipe(z.array(url));
};

/** A whole number; its description, with range and default, is in help texts and errors. */
export const integer = ({ min, max, fallback }: { min: number; max: number; fallback: number }, what: string) =>
  integerIn(min, max)
    .default(fallback)
    .describe(`${what}; a whole number from ${min} to ${max}, by default ${fallback}`);

/** Like `integer`, with its default determined elsewhere. */
export const optionalInteger = ({ min, max }: { min: number; max: number }, what: string) =>
  integerIn(min, max).optional().describe(`${what}; a whole number from ${min} to ${max}`);

const integerIn = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** The minimum level of log lines. */
export const logEnvironment = {
  IRONLOG_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('one of trace, debug, info, warn, error, fatal'),
};

/** The NATS address, this service's credentials, and the expected servers. */
export const natsEnvironment = {
  IRONLOG_NATS_URL: urls(/^(nats|tls)$/).describe(
    'URLs like nats://127.0.0.1:4222, without user and password, separated by commas',
  ),
  IRONLOG_NATS_USER: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .describe('a NATS user of letters, digits, - and _ (part of the inbox prefix)'),
  IRONLOG_NATS_PASSWORD: secretString(),
  IRONLOG_NATS_SERVER_NAME: z
    .string()
    .min(1)
    .transform(list)
    .describe("the server_name in nats-server's configuration; for a cluster, all of them, separated by commas"),
  IRONLOG_NATS_MONITOR_URL: urls(/^http$/)
    .optional()
    .describe("URLs of nats-server's monitoring port, like http://127.0.0.1:8222, separated by commas"),
  IRONLOG_ALLOW_UNSAFE_SYNC: z
    .stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] })
    .default(false)
    .describe('true or false; true accepts a nats-server that may lose acknowledged messages on power failure'),
};

/** The listening address of a service. */
export const httpEnvironment = {
  IRONLOG_HTTP_HOST: z
    .union([z.ipv4(), z.ipv6(), z.literal('localhost')])
    .default('127.0.0.1')
    .describe('an IP address to listen on'),
  IRONLOG_HTTP_PORT: z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .pipe(z.number().max(65_535))
    .describe('a TCP port from 0 to 65535; 0 picks a free one'),
};

const absolutePath = z
  .string()
  .regex(/^\/[^\0]*$/)
  .describe('an absolute path');

/** The service's own directory, for its private files. */
export const stateEnvironment = { IRONLOG_STATE_DIR: absolutePath };

/** The directory of the SQLite read model: written by the projector, read by others. */
export const readModelEnvironment = { IRONLOG_READ_MODEL_DIR: absolutePath };

/** The host of an executor. */
export const hostEnvironment = {
  IRONLOG_HOST_ID: hostIdSchema.describe('1 to 63 lower-case letters, digits and -, not starting with -'),
};

/** The settings of `connectNats` and `requireDurability`. */
export interface NatsSettings {
  readonly urls: readonly string[];
  readonly user: string;
  readonly password: Secret;
  readonly serverNames: readonly string[];
  /** Empty when unknown. */
  readonly monitorUrls: readonly string[];
  readonly allowUnsafeSync: boolean;
}

/** The NATS settings of a loaded environment, without the prefix in their names. */
export const natsSettings = (env: z.output<z.ZodObject<typeof natsEnvironment>>): NatsSettings => ({
  urls: env.IRONLOG_NATS_URL,
  user: env.IRONLOG_NATS_USER,
  password: env.IRONLOG_NATS_PASSWORD,
  serverNames: env.IRONLOG_NATS_SERVER_NAME,
  monitorUrls: env.IRONLOG_NATS_MONITOR_URL ?? [],
  allowUnsafeSync: env.IRONLOG_ALLOW_UNSAFE_SYNC,
});
