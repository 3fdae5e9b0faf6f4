// Firecracker's arguments for a launch. What the VM is, it is told over its socket.
import { randomBytes } from 'node:crypto';
import type { LaunchSpec } from '../launch-spec.ts';
import { wordPathOf } from './last-word.ts';

/**
 * The log is a file of its own, for its standard output is the guest's console: `PUT /serial` with a path would write that
 * file from its beginning in each epoch, and a snapshot would bring another VM's path along. Lines of the API server, two
 * for each of our looks, are left out by `--module vmm`.
 */
export function firecrackerArguments({ directory, epoch, socketPath }: LaunchSpec): string[] {
  const id = `e${epoch}-${randomBytes(8).toString('hex')}`;
  const log = ['--log-path', wordPathOf(directory, epoch), '--level', 'Info', '--module', 'vmm', '--show-level'];
  return ['--api-sock', socketPath, '--id', id, ...log];
}
