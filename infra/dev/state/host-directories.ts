// The hosts' folders in a state directory: those of this start, and those of earlier starts only.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type HostId, hostId } from '@ironlog/schemas';
import { vmCount } from '../terminal/countdown.ts';

const HOST = /^host-([1-9]\d{0,2})$/;

export const hostNames = (count: number): readonly HostId[] =>
  Array.from({ length: count }, (_, index) => hostId(`host-${index + 1}`));

const foldersIn = (path: string): readonly string[] =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map((entry) => entry.name)
    : [];

/** A VM has a folder from its claim to its delete: `<host>/<tenant>/<vm>`. */
const vmsOf = (directory: string): number =>
  foldersIn(directory).reduce((sum, tenant) => sum + foldersIn(join(directory, tenant)).length, 0);

/** A message about hosts that have VMs in `stateDir` and are beyond the first `started`; undefined when there are none. */
export const missingHosts = (stateDir: string, started: number): string | undefined => {
  const missing = foldersIn(stateDir)
    .flatMap((name) => Number(HOST.exec(name)?.[1] ?? 0))
    .filter((number) => number > started)
    .map((number) => ({ number, vms: vmsOf(join(stateDir, `host-${number}`)) }))
    .filter(({ vms }) => vms > 0)
    .sort((a, b) => a.number - b.number);
  const last = missing.at(-1);
  if (!last) return undefined;
  const names = missing.map(({ number, vms }) => `host-${number} with ${vmCount(vms)}`).join(', ');
  return `not started: ${names}; ${missing.length === 1 ? 'its' : 'their'} VMs are not managed until a start with --hosts ${last.number}`;
};
