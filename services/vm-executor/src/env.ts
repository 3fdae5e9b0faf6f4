// The executor's configuration: every variable it reads, what is accepted, and the defaults.
import { labelsSchema } from '@ironlog/schemas';
import {
  failpointSchema,
  hostEnvironment,
  httpEnvironment,
  integer,
  logEnvironment,
  natsEnvironment,
  optionalInteger,
  stateEnvironment,
} from '@ironlog/service-kit';
import { z } from 'zod';
import { FAILPOINTS } from './failpoints.ts';

const absolutePath = (what: string) =>
  z
    .string()
    .regex(/^\/[^\0]*$/)
    .describe(`${what}; an absolute path`);

/** A word without `=` is a label with an empty value. */
const labelOf = (word: string): [string, string] => {
  const [key = '', ...value] = word.trim().split('=');
  return [key, value.join('=')];
};

export const environmentSchema = z.object({
  ...logEnvironment,
  ...natsEnvironment,
  ...httpEnvironment,
  ...stateEnvironment,
  ...hostEnvironment,
  IRONLOG_HYPERVISOR: z.enum(['simulator', 'qemu']).default('simulator').describe('simulator or qemu'),
  IRONLOG_HOST_CPUS: optionalInteger(
    { min: 1, max: 1_000_000 },
    'virtual CPUs to give away; by default what the machine or the simulator can bear',
  ),
  IRONLOG_HOST_MEMORY_MIB: optionalInteger(
    { min: 1, max: 1_000_000_000 },
    'MiB to give away; by default what the machine or the simulator can bear',
  ),
  IRONLOG_HOST_PROCESSES: optionalInteger({ min: 1, max: 100_000 }, 'hypervisor processes at most, by default 1000'),
  IRONLOG_HOST_LABELS: z
    .string()
    .default('')
    .transform((text) => Object.fromEntries(text.split(',').filter(Boolean).map(labelOf)))
    .pipe(labelsSchema)
    .describe("what a VM's placement may ask for; like zone=a,disk=fast"),
  IRONLOG_HEALTH_CHECK_SECONDS: integer(
    { min: 0, max: 3600, fallback: 10 },
    "seconds between two looks at each running VM's process, three without an answer make it unresponsive; 0: never",
  ),
  IRONLOG_IMAGE_CACHE_MIB: integer(
    { min: 1, max: 100_000_000, fallback: 10_240 },
    'MiB of uploaded images that are kept in the state directory; what is used longest ago goes first',
  ),
  IRONLOG_QEMU: absolutePath('the QEMU program').optional(),
  IRONLOG_QEMU_ACCEL: z.enum(['kvm', 'tcg']).optional().describe('kvm or tcg'),
  IRONLOG_KERNEL: absolutePath('the demo image: a kernel').optional(),
  IRONLOG_INITRD: absolutePath('the demo image: an initial RAM file system').optional(),
  IRONLOG_FAILPOINT: failpointSchema(FAILPOINTS).optional(),
});
export type ExecutorConfig = z.output<typeof environmentSchema>;
