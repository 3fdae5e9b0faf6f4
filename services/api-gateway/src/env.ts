// The gateway's environment: every variable that it reads.
import {
  failpointSchema,
  httpEnvironment,
  integer,
  logEnvironment,
  natsEnvironment,
  readModelEnvironment,
} from '@ironlog/service-kit';
import { z } from 'zod';
import { FAILPOINTS } from './failpoints.ts';
import { LIMITS } from './http/server/limits.ts';

export const env = z.object({
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...readModelEnvironment,
  IRONLOG_TOKENS_FILE: z
    .string()
    .regex(/^\/[^\0]*$/)
    .describe('an absolute path of a token file with mode 0600'),
  IRONLOG_MAX_WAITING_CREATES: integer(
    { min: 1, max: 1_000_000, fallback: 1_000 },
    'creates of one tenant that may wait for a host',
  ),
  IRONLOG_REQUESTS_PER_SECOND: integer(
    { min: 1, max: 1_000_000, fallback: LIMITS.requestsPerSecond },
    'HTTP requests a second for each token',
  ),
  IRONLOG_READ_WORKERS: integer(
    { min: 1, max: 64, fallback: 2 },
    'threads that answer lists and searches: the first starts with the gateway, the others on demand',
  ),
  IRONLOG_IMAGE_MAX_MIB: integer({ min: 1, max: 1_048_576, fallback: 10_240 }, 'MiB that an uploaded image may have'),
  IRONLOG_IMAGE_UPLOAD_SECONDS: integer(
    { min: 10, max: 86_400, fallback: 3_600 },
    'seconds that the upload of an image may take',
  ),
  IRONLOG_FAILPOINT: failpointSchema(FAILPOINTS).optional(),
});

export type GatewayConfig = z.output<typeof env>;
