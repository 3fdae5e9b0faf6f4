// Firecracker's arguments for a launch. The VM is configured over its socket.
import { randomBytes } from 'node:crypto';
import type { LaunchSpec } from '../launch-spec.ts';
import { wordPathOf } from './last-word.ts';

/** Unique for each process: it distinguishes the process on a socket from an earlier one. */
export const newInstanceId = (epoch: number): string => `e${epoch}-${randomBytes(8).toString('hex')}`;

/**
 * The log is a file of its own, because standard output is the guest's console: `PUT /serial` with a path would truncate
 * that file in each epoch, and a snapshot would contain another VM's path. `--module vmm` omits the API server's lines,
 * two per state poll.
 */
export function firecrackerArguments({ directory, epoch, socketPath }: LaunchSpec): string[] {
  const log = ['--log-path', wordPathOf(directory, epoch), '--level', 'Info', '--module', 'vmm', '--show-level'];
  return ['--api-sock', socketPath, '--id', newInstanceId(epoch), ...log];
}
