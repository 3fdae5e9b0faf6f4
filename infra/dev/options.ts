// What `npm start` can be told; a word it does not know ends it with the list of those it does.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { DEFAULT_STATE_DIR } from './paths.ts';

export const USAGE = `npm start -- [options]
  --hypervisor simulator|qemu   what runs the VMs (default: simulator)
  --hosts N                     executors, each a host of its own (1 to 16, default: 1)
  --http-port PORT              the HTTP API's port (default: 7070; a free one if it is taken)
  --state-dir DIR               where streams, databases and VMs are kept (default: .ironlog/state)
  --keep-vms                    leave the VMs running at the end; the next start adopts them`;

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));

const schema = z.strictObject({
  hypervisor: z.enum(['simulator', 'qemu']).default('simulator'),
  hosts: whole(1, 16).default(1),
  'http-port': whole(0, 65_535).default(7070),
  'state-dir': z.string().min(1).default(DEFAULT_STATE_DIR),
  'keep-vms': z.boolean().default(false),
  help: z.boolean().default(false),
});

export interface StartOptions {
  readonly hypervisor: 'simulator' | 'qemu';
  readonly hosts: number;
  readonly httpPort: number;
  readonly stateDir: string;
  readonly keepVms: boolean;
  readonly help: boolean;
}

/** @throws Error that says which option is wrong, and what there is. */
export const readOptions = (args: readonly string[]): StartOptions => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { hypervisor: text, hosts: text, 'http-port': text, 'state-dir': text, 'keep-vms': flag, help: flag },
  });
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(
      `--${issue?.path.join('.')} ${JSON.stringify(values[issue?.path[0] as keyof typeof values])}: ${issue?.message}\n${USAGE}`,
    );
  }
  const { hypervisor, hosts, help } = parsed.data;
  return {
    hypervisor,
    hosts,
    help,
    httpPort: parsed.data['http-port'],
    stateDir: resolve(parsed.data['state-dir']),
    keepVms: parsed.data['keep-vms'],
  };
};
