// Distinguishes a host's own entries in its state directory from foreign ones.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tenantIdSchema, vmIdSchema } from '@ironlog/schemas';
import { foreignEntriesIn } from '../vms/vm-directory.ts';

/** Entries beside host.json or before it. The last one comes with a fresh file system. */
const OURS = [
  /^host\.json(?:\.new)?$/,
  /^executor-.+\.lock$/,
  /^accelerator\.json/,
  /^\.compile-cache$/,
  /^\.images$/,
  /^lost\+found$/,
];

/** A folder of tenants with folders of VMs only. An empty one proves nothing. */
const isTenants = (path: string, name: string): boolean => {
  if (!tenantIdSchema.safeParse(name).success) return false;
  const vms = readdirSync(join(path, name), { withFileTypes: true });
  return (
    vms.length > 0 &&
    vms.every((vm) => {
      if (!vm.isDirectory() || !vmIdSchema.safeParse(vm.name).success) return false;
      const folder = join(path, name, vm.name);
      return readdirSync(folder).length > 0 && foreignEntriesIn(folder).length === 0;
    })
  );
};

/** The names of the foreign entries of a directory, sorted. */
export const foreignEntriesAmong = (path: string): readonly string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => !OURS.some((name) => name.test(entry.name)))
    .filter((entry) => !(entry.isDirectory() && isTenants(path, entry.name)))
    .map(({ name }) => name)
    .sort();
