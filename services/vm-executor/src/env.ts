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

const absolutePath = (what: string) =>
  z
    .string()
    .regex(/^\/[^\0]*$/)
    .describe(`${what}; an absolute path`);
const count = (max: number, what: string) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(1).max(max))
    .optional()
    .describe(`${what}; a whole number from 1 to ${max}`);

export const environmentSchema = z.object({
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...stateEnvironment,
  ...hostEnvironment,
  IRONLOG_HYPERVISOR: z.enum(['simulator', 'qemu']).default('simulator').describe('simulator or qemu'),
  IRONLOG_HOST_CPUS: count(
    1_000_000,
    'virtual CPUs to give away; by default what the machine or the simulator can bear',
  ),
  IRONLOG_HOST_MEMORY_MIB: count(
    1_000_000_000,
    'MiB to give away; by default what the machine or the simulator can bear',
  ),
  IRONLOG_HOST_PROCESSES: count(100_000, 'hypervisor processes at most, by default 1000'),
  IRONLOG_QEMU: absolutePath('the QEMU program').optional(),
  IRONLOG_QEMU_ACCEL: z.enum(['kvm', 'tcg']).optional().describe('kvm or tcg'),
  IRONLOG_KERNEL: absolutePath('the demo image: a kernel').optional(),
  IRONLOG_INITRD: absolutePath('the demo image: an initial RAM file system').optional(),
  IRONLOG_FAILPOINT: failpointSchema.optional(),
});
export type ExecutorConfig = z.output<typeof environmentSchema>;
