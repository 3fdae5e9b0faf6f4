// The projector's configuration: every variable it reads.
import { httpEnvironment, logEnvironment, natsEnvironment, stateEnvironment } from '@ironlog/service-kit';
import { z } from 'zod';

export const environmentSchema = z.object({
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...stateEnvironment,
});
export type ProjectorConfig = z.output<typeof environmentSchema>;
