// The executor's configuration: every variable it reads, what is accepted, and the defaults.
import {
  hostEnvironment,
  httpEnvironment,
  logEnvironment,
  natsEnvironment,
  stateEnvironment,
} from '@ironlog/service-kit';
import { z } from 'zod';
import { failpointSchema } from './failpoints.ts';

const absolutePath = z
  .string()
  .regex(/^\/[^\0]*$/)
  .describe('an absolute path');
const count = (max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(1).max(max))
    .optional()
    .describe(`a whole number from 1 to ${max}`);

export const environmentSchema = z.object({
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...stateEnvironment,
  ...hostEnvironment,
  IRONLOG_HYPERVISOR: z.enum(['simulator', 'qemu']).default('simulator').describe('simulator or qemu'),
  /** Capacity; what is not set is taken from the machine, or from what the simulator can bear. */
  IRONLOG_HOST_CPUS: count(1_000_000),
  IRONLOG_HOST_MEMORY_MIB: count(1_000_000_000),
  IRONLOG_HOST_PROCESSES: count(100_000),
  IRONLOG_QEMU: absolutePath.optional(),
  IRONLOG_QEMU_ACCEL: z.enum(['kvm', 'tcg']).optional().describe('kvm or tcg'),
  IRONLOG_KERNEL: absolutePath.optional(),
  IRONLOG_INITRD: absolutePath.optional(),
  /** For tests: where to die. */
  IRONLOG_FAILPOINT: failpointSchema.optional(),
});
export type ExecutorConfig = z.output<typeof environmentSchema>;
