// The gateway's environment: every variable that it reads, and nothing else reads any.
import { httpEnvironment, logEnvironment, natsEnvironment, readModelEnvironment } from '@ironlog/service-kit';
import { z } from 'zod';
import { failpointSchema } from './failpoints.ts';
import { LIMITS } from './http/limits.ts';

const count = (fallback: number, what: string) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(1))
    .default(fallback)
    .describe(`${what}; a whole number of at least 1, by default ${fallback}`);

export const env = z.object({
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...readModelEnvironment,
  IRONLOG_TOKENS_FILE: z
    .string()
    .regex(/^\/[^\0]*$/)
    .describe('an absolute path of a token file with mode 0600'),
  IRONLOG_MAX_WAITING_CREATES: count(1_000, 'creates of one tenant that may wait for a host'),
  IRONLOG_REQUESTS_PER_SECOND: count(LIMITS.requestsPerSecond, 'HTTP requests a second for each token'),
  IRONLOG_FAILPOINT: failpointSchema.optional(),
});

export type GatewayConfig = z.output<typeof env>;
