// The options of `npm start`; an unknown option or value ends it with the usage.
import { parseArgs } from 'node:util';
import { type HypervisorKind, hypervisorKindSchema } from '@ironlog/schemas';
import { z } from 'zod';
import { DEFAULT_STATE_DIR, fromCaller } from './paths.ts';
import { UsageError } from './usage-error.ts';

export const USAGE = `npm start -- [options]
  --hypervisor NAME[,NAME]  what runs the VMs: simulator, qemu, cloud-hypervisor, firecracker (default: simulator);
                            the first runs VMs that ask for none
  --hosts N                 executors, each a host of its own (1 to 16, default: 1)
  --http-port PORT          the HTTP API's port (default: 7070; a free one if it is taken)
  --state-dir DIR           where streams, databases and VMs are kept (default: .ironlog/state)
  --keep-vms                leave the VMs running at the end; the next start adopts them
  --help                    this text

qemu-system-x86_64, cloud-hypervisor and firecracker are searched on PATH, or named by IRONLOG_QEMU,
IRONLOG_CLOUD_HYPERVISOR and IRONLOG_FIRECRACKER.`;

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .describe(`a whole number from ${min} to ${max}`);

const shape = {
  hypervisor: z
    .string()
    .transform((text) => [...new Set(text.split(',').map((word) => word.trim()))])
    .pipe(z.array(hypervisorKindSchema).min(1))
    .describe('simulator, qemu, cloud-hypervisor, firecracker, or several of them separated by commas')
    .default(['simulator']),
  hosts: whole(1, 16).default(1),
  'http-port': whole(0, 65_535).default(7070),
  'state-dir': z
    .string()
    .min(1)
    .transform((path) => fromCaller(path))
    .describe('a directory')
    .default(DEFAULT_STATE_DIR),
  'keep-vms': z.boolean().default(false),
  help: z.boolean().default(false),
};

export interface StartOptions {
  /** Not empty; the first runs VMs that ask for none. */
  readonly hypervisors: readonly HypervisorKind[];
  readonly hosts: number;
  readonly httpPort: number;
  /** Absolute. */
  readonly stateDir: string;
  readonly keepVms: boolean;
  readonly help: boolean;
}

const parse = (args: readonly string[]) => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { hypervisor: text, hosts: text, 'http-port': text, 'state-dir': text, 'keep-vms': flag, help: flag },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
};

/** @throws UsageError that names the wrong option and the accepted values. */
export const readOptions = (args: readonly string[]): StartOptions => {
  const values = parse(args);
  const parsed = z.strictObject(shape).safeParse(values);
  if (!parsed.success) {
    const name = String(parsed.error.issues[0]?.path[0]) as keyof typeof shape;
    const takes = shape[name].def.innerType.description;
    throw new UsageError(`--${name} is ${JSON.stringify(values[name])}; it takes ${takes}\n${USAGE}`);
  }
  const { hypervisor, hosts, help } = parsed.data;
  return {
    hypervisors: hypervisor,
    hosts,
    help,
    httpPort: parsed.data['http-port'],
    stateDir: parsed.data['state-dir'],
    keepVms: parsed.data['keep-vms'],
  };
};
