// The recovery-worker's configuration: every variable it reads, what is accepted, and the defaults.
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

export const environmentSchema = z.object({
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...readModelEnvironment,
  IRONLOG_SCAN_SECONDS: integer(
    { min: 1, max: 3600, fallback: 2 },
    'seconds between two searches for stuck tasks, late commands, expired VMs and silent hosts',
  ),
  IRONLOG_HOST_SILENT_AFTER_SECONDS: integer(
    { min: 5, max: 86_400, fallback: 20 },
    'seconds without a heartbeat after which a host is reported unreachable',
  ),
  /** Off unless an operator sets it: a lost VM's task is ended, though its process may live on. */
  IRONLOG_HOST_LOST_AFTER_SECONDS: integer(
    { min: 0, max: 31_536_000, fallback: 0 },
    "seconds without a heartbeat after which a host's VMs are lost; 0: never",
  ),
  IRONLOG_FAILPOINT: failpointSchema(FAILPOINTS).optional(),
});
export type RecoveryConfig = z.output<typeof environmentSchema>;
