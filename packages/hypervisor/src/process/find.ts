// Finds hypervisor processes by their arguments: the absolute VM directory and the epoch's socket stand there.
import { readdirSync } from 'node:fs';
import { argumentsOf, identify, type ProcessIdentity } from './identity.ts';

export interface FoundProcess {
  readonly identity: ProcessIdentity;
  readonly tenant: string;
  readonly vm: string;
  readonly directory: string;
  readonly epoch: number;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Every live process whose arguments name a VM's socket below `stateDirectory`. */
export const findUnder = (stateDirectory: string): readonly FoundProcess[] => {
  const socket = new RegExp(`(?:^|[=,:])(${escaped(stateDirectory)}/([a-z0-9-]+)/([a-z0-9-]+))/e(\\d+)\\.sock(?:,|$)`);
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const match = argumentsOf(pid)
      .map((argument) => socket.exec(argument))
      .find((found) => found !== null);
    const identity = match ? identify(pid) : undefined;
    if (!match || !identity) return [];
    const [, directory = '', tenant = '', vm = '', epoch] = match;
    return [{ identity, directory, tenant, vm, epoch: Number(epoch) }];
  });
};

/** The processes of one VM; more than one only if something has gone wrong (P5). */
export const findByDirectory = (directory: string): readonly FoundProcess[] => {
  const stateDirectory = directory.split('/').slice(0, -2).join('/');
  return findUnder(stateDirectory).filter((found) => found.directory === directory);
};
