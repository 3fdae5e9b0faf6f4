// The executor's configuration: every variable it reads, what is accepted, and the defaults.
import { type HypervisorKind, hypervisorKindSchema, labelsSchema } from '@ironlog/schemas';
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

/** A label without `=` has an empty value. */
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
  IRONLOG_HYPERVISOR: hypervisorKindSchema
    .default('simulator')
    .describe('the one hypervisor of the host: cloud-hypervisor, firecracker, qemu or simulator'),
  IRONLOG_HYPERVISORS: z
    .string()
    .transform((text) => [...new Set(text.split(',').map((word) => word.trim()))])
    .pipe(z.array(hypervisorKindSchema).min(1))
    .optional()
    .describe('several, separated by commas, instead of IRONLOG_HYPERVISOR; the first runs what asks for none'),
  IRONLOG_HOST_CPUS: optionalInteger(
    { min: 1, max: 1_000_000 },
    'virtual CPUs for VMs; by default those of the machine or the simulator',
  ),
  IRONLOG_HOST_MEMORY_MIB: optionalInteger(
    { min: 1, max: 1_000_000_000 },
    'MiB for VMs; by default those of the machine or the simulator',
  ),
  IRONLOG_HOST_PROCESSES: optionalInteger({ min: 1, max: 100_000 }, 'hypervisor processes at most, by default 1000'),
  IRONLOG_HOST_LABELS: z
    .string()
    .default('')
    .transform((text) => Object.fromEntries(text.split(',').filter(Boolean).map(labelOf)))
    .pipe(labelsSchema)
    .describe("the host's labels for placement, like zone=a,disk=fast"),
  IRONLOG_HEALTH_CHECK_SECONDS: integer(
    { min: 0, max: 3600, fallback: 10 },
    "seconds between health checks of each running VM's process; three without an answer make it unresponsive; 0: never",
  ),
  IRONLOG_CLOCK_WARN_SECONDS: integer(
    { min: 1, max: 86_400, fallback: 2 },
    "the offset of the host's clock from nats-server's beyond which the host needs attention",
  ),
  IRONLOG_CLOCK_REFUSE_SECONDS: integer(
    { min: 1, max: 86_400, fallback: 10 },
    "the offset of the host's clock from nats-server's beyond which the host takes no new VM",
  ),
  IRONLOG_CONSOLE_BYTES: integer(
    { min: 65_536, max: 999_999_999, fallback: 1_048_576 },
    "bytes kept of each VM's console, the newest; what a guest prints within a second comes on top",
  ),
  IRONLOG_CLOUD_HYPERVISOR: absolutePath('the Cloud Hypervisor program, by default the one on PATH').optional(),
  IRONLOG_FIRECRACKER: absolutePath('the Firecracker program, by default the one on PATH').optional(),
  IRONLOG_QEMU: absolutePath('the QEMU program, by default the one on PATH').optional(),
  IRONLOG_IMAGE_CACHE_MIB: integer(
    { min: 1, max: 100_000_000, fallback: 10_240 },
    'MiB of uploaded images that are kept in the state directory; what is used longest ago goes first',
  ),
  IRONLOG_QEMU_ACCEL: z.enum(['kvm', 'tcg']).optional().describe('kvm or tcg'),
  IRONLOG_KERNEL: absolutePath('the demo image: a kernel').optional(),
  IRONLOG_INITRD: absolutePath('the demo image: an initial RAM file system').optional(),
  IRONLOG_FAILPOINT: failpointSchema(FAILPOINTS).optional(),
});
export type ExecutorConfig = z.output<typeof environmentSchema>;

/** The hypervisors of the host, the default first. */
export const hypervisorsOf = (config: ExecutorConfig): readonly HypervisorKind[] =>
  config.IRONLOG_HYPERVISORS ?? [config.IRONLOG_HYPERVISOR];
