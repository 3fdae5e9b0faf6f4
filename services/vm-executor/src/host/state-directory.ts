// The host's state directory: a folder per VM, and one file that names the owner. A foreign directory is refused.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { MAX_SOCKET_PATH_BYTES, socketPathOf } from '@ironlog/hypervisor';
import { type HostId, type TenantId, tenantIdSchema, type VmId, vmIdSchema } from '@ironlog/schemas';
import { ConfigError } from '@ironlog/service-kit';
import { readSnapshot } from '../vms/snapshot-store.ts';
import { type HostFile, readHostFile } from './host-file.ts';
import { foreignEntriesAmong } from './state-entries.ts';

export interface VmRef {
  readonly tenant: TenantId;
  readonly vmId: VmId;
}

const LARGEST_EPOCH = 9_999_999;

/** @throws ConfigError when a VM's socket path would not fit under it, or its process could not be found by it. */
const refuseUnfit = (path: string): void => {
  // QEMU separates options by commas. A process is identified as ours by the path in its arguments (P5).
  if (path.includes(','))
    throw new ConfigError(`IRONLOG_STATE_DIR ${path} has a comma in it; choose a path without one`);
  // Ids may have 63 characters; generated VM ids have at most 43. A tenant's own longer ids are refused individually.
  const room = MAX_SOCKET_PATH_BYTES - Buffer.byteLength(socketPathOf(`${path}/t/${'x'.repeat(29)}`, LARGEST_EPOCH));
  if (room >= 0) return;
  throw new ConfigError(
    `IRONLOG_STATE_DIR ${path} is ${-room} bytes too long: a unix socket's path holds ${MAX_SOCKET_PATH_BYTES} bytes; choose a shorter one`,
  );
};

/** Foreign entries that the message names. */
const MAX_LISTED = 3;

/** @throws ConfigError when the directory is neither a host's nor empty: its foreign content must not be touched. */
const refuseForeign = (path: string): void => {
  const foreignEntries = foreignEntriesAmong(path);
  if (foreignEntries.length === 0) return;
  const more = foreignEntries.length > MAX_LISTED ? ` (and ${foreignEntries.length - MAX_LISTED} more)` : '';
  throw new ConfigError(
    `IRONLOG_STATE_DIR ${path} holds ${foreignEntries.slice(0, MAX_LISTED).join(', ')}${more} and no host.json: it belongs to no host; give the executor an empty directory`,
  );
};

export class StateDirectory {
  readonly path: string;
  readonly #file: string;
  #host: HostFile;

  /** Assigns it to `host` for good. @throws ConfigError when it belongs to another host. */
  constructor(given: string, host: HostId) {
    refuseUnfit(resolve(given));
    mkdirSync(given, { recursive: true, mode: 0o700 });
    // The canonical path: processes of an earlier start are found by their arguments.
    const path = realpathSync(given);
    refuseUnfit(path);
    this.path = path;
    this.#file = join(path, 'host.json');
    const known = readHostFile(this.#file);
    if (!known) refuseForeign(path);
    const owner = known?.host ?? this.#ownerBesides(host);
    if (owner !== host)
      throw new ConfigError(
        `IRONLOG_STATE_DIR ${path} belongs to host ${owner}, and IRONLOG_HOST_ID is ${host}; set IRONLOG_HOST_ID=${owner}, or give ${host} an empty directory of its own`,
      );
    // The directory is ours from here on; nothing was changed before.
    chmodSync(path, 0o700);
    this.#host = {
      stateDirectoryId: randomBytes(8).toString('hex'),
      log: null,
      scannedTo: 0,
      starts: [],
      ...known,
      host,
    };
    if (known?.host === undefined) this.save({});
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

  /** Whether a VM's folder could have that path. Another host's directory may lie within this one. */
  isVmFolder(directory: string): boolean {
    return dirname(dirname(directory)) === this.path;
  }

  /** The folder's name for an event: relative to this directory, `<tenant>/<vm>` for a VM's; at most 300 characters. */
  nameOf(directory: string): string {
    return relative(this.path, directory).slice(-300);
  }

  /** `undefined`: fits. Otherwise why this VM's socket path is too long here. */
  whyTooLong(ref: VmRef): string | undefined {
    const bytes = Buffer.byteLength(socketPathOf(this.directoryOf(ref), LARGEST_EPOCH));
    if (bytes <= MAX_SOCKET_PATH_BYTES) return undefined;
    return `the ids ${ref.tenant} and ${ref.vmId} make a socket path of ${bytes} bytes, and ${MAX_SOCKET_PATH_BYTES} is the limit on this host; use a shorter VM id`;
  }

  /** Every VM that has a folder here. Other entries are foreign and left alone. */
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

  /** Another host whose VMs are here, by their snapshots; else `host`. */
  #ownerBesides(host: HostId): HostId {
    const owners = this.vms().map((ref) => readSnapshot(this.directoryOf(ref))?.owner ?? host);
    return owners.find((owner) => owner !== host) ?? host;
  }
}

const foldersIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
