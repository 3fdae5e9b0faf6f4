// The projector's configuration: every variable it reads.
import {
  failpointSchema,
  httpEnvironment,
  logEnvironment,
  natsEnvironment,
  stateEnvironment,
} from '@ironlog/service-kit';
import { z } from 'zod';
import { FAILPOINTS } from './failpoints.ts';

export const environmentSchema = z.object({
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...stateEnvironment,
  IRONLOG_FAILPOINT: failpointSchema(FAILPOINTS).optional(),
});
export type ProjectorConfig = z.output<typeof environmentSchema>;
