// Firecracker's arguments for a launch. What the VM is, it is told over its socket.
import { randomBytes } from 'node:crypto';
import type { LaunchSpec } from '../launch-spec.ts';
import { wordPathOf } from './last-word.ts';

/** Another for each process: by it the one that answers on a socket is told from one that had it before. */
export const newInstanceId = (epoch: number): string => `e${epoch}-${randomBytes(8).toString('hex')}`;

/**
 * The log is a file of its own, for its standard output is the guest's console: `PUT /serial` with a path would write that
 * file from its beginning in each epoch, and a snapshot would bring another VM's path along. Lines of the API server, two
 * for each of our looks, are left out by `--module vmm`.
 */
export function firecrackerArguments({ directory, epoch, socketPath }: LaunchSpec): string[] {
  const log = ['--log-path', wordPathOf(directory, epoch), '--level', 'Info', '--module', 'vmm', '--show-level'];
  return ['--api-sock', socketPath, '--id', newInstanceId(epoch), ...log];
}
