// Reads `vm.info`: only the state, whatever else a version of Cloud Hypervisor adds.
import { z } from 'zod';
import { type CallOutcome, done, failure } from '../outcome.ts';
import type { Observed } from '../port.ts';

const infoSchema = z.object({ state: z.enum(['Created', 'Running', 'Shutdown', 'Paused', 'BreakPoint']) });

const OBSERVED: Readonly<Record<z.infer<typeof infoSchema>['state'], Observed>> = {
  Created: 'created',
  Running: 'running',
  BreakPoint: 'paused',
  Paused: 'paused',
  Shutdown: 'created',
};

export const readVmInfo = (text: string | undefined): CallOutcome<Observed> => {
  try {
    return done(OBSERVED[infoSchema.parse(JSON.parse(text ?? '')).state]);
  } catch (error) {
    return failure('bad-answer', `vm.info: ${error instanceof Error ? error.message : String(error)}`);
  }
};
