/** The environment variables that services share, one zod shape per concern, and the only place that reads `process.env`. */
import { hostIdSchema } from '@ironlog/schemas';
import { z } from 'zod';
import { type Secret, secretString } from './secret.ts';

/** The variables of this process. Everything else takes an environment as an argument. */
export const processEnvironment = (): Readonly<Record<string, string | undefined>> => process.env;

const list = (value: string): readonly string[] => value.split(',').map((item) => item.trim());

// A password in a URL would end in logs and error messages; it has a variable of its own.
const urls = (protocol: RegExp) => {
  const url = z.url({ protocol }).refine((text) => !text.includes('@'));
  return z.string().transform(list).pipe(z.array(url));
};

/** A variable that holds a whole number; what it stands for, its range and its default are in what `help` and errors say. */
export const integer = ({ min, max, fallback }: { min: number; max: number; fallback: number }, what: string) =>
  integerIn(min, max)
    .default(fallback)
    .describe(`${what}; a whole number from ${min} to ${max}, by default ${fallback}`);

/** As `whole`, but what it is without a value is found out elsewhere. */
export const optionalInteger = ({ min, max }: { min: number; max: number }, what: string) =>
  integerIn(min, max).optional().describe(`${what}; a whole number from ${min} to ${max}`);

const integerIn = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** Level of the least urgent log line that is written. */
export const logEnvironment = {
  IRONLOG_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('one of trace, debug, info, warn, error, fatal'),
};

/** Where NATS is, who we are to it, and which server we expect to find there. */
export const natsEnvironment = {
  IRONLOG_NATS_URL: urls(/^(nats|tls)$/).describe(
    'URLs like nats://127.0.0.1:4222, without user and password, separated by commas',
  ),
  IRONLOG_NATS_USER: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .describe('a NATS user of letters, digits, - and _ (it is part of the inbox prefix)'),
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

/** Where a service listens. */
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
    .describe('a TCP port from 0 to 65535; 0 takes a free one'),
};

const absolutePath = z
  .string()
  .regex(/^\/[^\0]*$/)
  .describe('an absolute path');

/** The service's own directory, for what only it reads and writes. */
export const stateEnvironment = { IRONLOG_STATE_DIR: absolutePath };

/** The directory of the SQLite read model: written by the projector, read by others. */
export const readModelEnvironment = { IRONLOG_READ_MODEL_DIR: absolutePath };

/** The host that an executor stands for. */
export const hostEnvironment = {
  IRONLOG_HOST_ID: hostIdSchema.describe('1 to 63 lower-case letters, digits and -, not starting with -'),
};

/** What `connectNats` and `requireDurability` need to know. */
export interface NatsSettings {
  readonly urls: readonly string[];
  readonly user: string;
  readonly password: Secret;
  readonly serverNames: readonly string[];
  /** Empty when unknown. */
  readonly monitorUrls: readonly string[];
  readonly allowUnsafeSync: boolean;
}

/** The NATS part of a loaded environment, under names that say what they are without their prefix. */
export const natsSettings = (env: z.output<z.ZodObject<typeof natsEnvironment>>): NatsSettings => ({
  urls: env.IRONLOG_NATS_URL,
  user: env.IRONLOG_NATS_USER,
  password: env.IRONLOG_NATS_PASSWORD,
  serverNames: env.IRONLOG_NATS_SERVER_NAME,
  monitorUrls: env.IRONLOG_NATS_MONITOR_URL ?? [],
  allowUnsafeSync: env.IRONLOG_ALLOW_UNSAFE_SYNC,
});
