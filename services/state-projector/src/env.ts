// The projector's configuration: every variable it reads.
import { httpEnvironment, logEnvironment, natsEnvironment, stateEnvironment } from '@ironlog/service-kit';
import { z } from 'zod';
import { failpointSchema } from './failpoints.ts';

export const environmentSchema = z.object({
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...stateEnvironment,
  IRONLOG_FAILPOINT: failpointSchema.optional(),
});
export type ProjectorConfig = z.output<typeof environmentSchema>;
