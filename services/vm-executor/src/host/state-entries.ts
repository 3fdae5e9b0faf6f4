// What a host makes in its state directory, told from what somebody else has put there.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tenantIdSchema, vmIdSchema } from '@ironlog/schemas';
import { foreignEntriesIn } from '../vms/vm-directory.ts';

/** Before host.json is there, or beside it; the last is a fresh file system's own. */
const OURS = [
  /^host\.json(?:\.new)?$/,
  /^executor-.+\.lock$/,
  /^accelerator\.json/,
  /^\.compile-cache$/,
  /^\.images$/,
  /^lost\+found$/,
];

/** Folders of tenants alone, each with folders of VMs alone. One that is empty proves nothing. */
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

/** The names of what is not ours in a directory, sorted. */
export const foreignEntriesAmong = (path: string): readonly string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => !OURS.some((name) => name.test(entry.name)))
    .filter((entry) => !(entry.isDirectory() && isTenants(path, entry.name)))
    .map(({ name }) => name)
    .sort();
