// The host's state directory: a folder per VM, and one file that tells which log this host has worked with.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { MAX_SOCKET_PATH_BYTES, socketPathOf } from '@ironlog/hypervisor';
import { type TenantId, tenantIdSchema, timestampSchema, type VmId, vmIdSchema } from '@ironlog/schemas';
import { ConfigError } from '@ironlog/service-kit';
import { z } from 'zod';

const hostFileSchema = z.strictObject({
  stateDirectoryId: z.string(),
  /** The log this host wrote to: another creation time, or a shorter log, is another log. */
  log: z.strictObject({ createdAt: z.string(), lastSequence: z.int() }).nullable(),
  /** Up to here in EVENTS every VM that this host claimed has its directory, or is gone. */
  scannedTo: z.int(),
  /** Where EVENTS ended at this host's starts, oldest first. */
  starts: z.array(z.strictObject({ at: timestampSchema, sequence: z.int() })).default([]),
});
export type HostFile = z.infer<typeof hostFileSchema>;

export interface VmRef {
  readonly tenant: TenantId;
  readonly vmId: VmId;
}

const LARGEST_EPOCH = 9_999_999;

/** @throws ConfigError when a VM's socket could not have a path under it, or its process could not be found by it. */
const refuseUnfit = (path: string): void => {
  // QEMU's options are lists with commas between; a process is known as ours by the path in its arguments (P5).
  if (path.includes(','))
    throw new ConfigError(`IRONLOG_STATE_DIR ${path} has a comma in it; choose a path without one`);
  // Ids may be 63 characters; generated VM ids are at most 43. A tenant's own longer ids are refused one by one.
  const room = MAX_SOCKET_PATH_BYTES - Buffer.byteLength(socketPathOf(`${path}/t/${'x'.repeat(29)}`, LARGEST_EPOCH));
  if (room >= 0) return;
  throw new ConfigError(
    `IRONLOG_STATE_DIR ${path} is ${-room} bytes too long: a unix socket's path holds ${MAX_SOCKET_PATH_BYTES} bytes; choose a shorter one`,
  );
};

export class StateDirectory {
  readonly path: string;
  readonly #file: string;
  #host: HostFile;

  constructor(given: string) {
    refuseUnfit(resolve(given));
    mkdirSync(given, { recursive: true, mode: 0o700 });
    // One name for it, however it was written: processes of an earlier start are found by their arguments.
    const path = realpathSync(given);
    refuseUnfit(path);
    chmodSync(path, 0o700);
    this.path = path;
    this.#file = join(path, 'host.json');
    this.#host = existsSync(this.#file)
      ? hostFileSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')))
      : { stateDirectoryId: randomBytes(8).toString('hex'), log: null, scannedTo: 0, starts: [] };
    this.save({});
  }

  get host(): HostFile {
    return this.#host;
  }

  save(change: Partial<HostFile>): void {
    this.#host = { ...this.#host, ...change };
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.#host), { mode: 0o600, flush: true });
    renameSync(`${this.#file}.new`, this.#file);
  }

  directoryOf({ tenant, vmId }: VmRef): string {
    return join(this.path, tenant, vmId);
  }

  /** What the record may say of a folder: where it lies below this one, `<tenant>/<vm>` for a VM's; at most 300 characters. */
  nameOf(directory: string): string {
    return relative(this.path, directory).slice(-300);
  }

  /** `undefined`: fits. Otherwise why this VM's socket cannot have a path here. */
  whyTooLong(ref: VmRef): string | undefined {
    const bytes = Buffer.byteLength(socketPathOf(this.directoryOf(ref), LARGEST_EPOCH));
    if (bytes <= MAX_SOCKET_PATH_BYTES) return undefined;
    return `the ids ${ref.tenant} and ${ref.vmId} make a socket path of ${bytes} bytes, and ${MAX_SOCKET_PATH_BYTES} is the limit on this host; use a shorter VM id`;
  }

  /** Every VM that has a folder here; other entries are not ours and are left alone. */
  vms(): readonly VmRef[] {
    return foldersIn(this.path).flatMap((tenantText) => {
      const tenant = tenantIdSchema.safeParse(tenantText).data;
      if (!tenant) return [];
      return foldersIn(join(this.path, tenant)).flatMap((vmText) => {
        const vmId = vmIdSchema.safeParse(vmText).data;
        return vmId ? [{ tenant, vmId }] : [];
      });
    });
  }
}

const foldersIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
