// Reads a guest's reset or power-off from the log of its Firecracker process. In both cases the process exits with status 0,
// which only its parent can see.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { eventsPathOf } from '../event-monitor.ts';
import type { ProcessHandle } from '../process-handle.ts';

/** The path of the other hypervisors' event files, so that it is removed like them. */
export const wordPathOf = eventsPathOf;

/** Empty, mode 0600: an earlier process of the epoch may have left a log. */
export const prepareWord = (path: string): Promise<void> => writeFile(path, '', { mode: 0o600 });

const TAIL_BYTES = 64 * 1024;
const STOPPING = /^\S+ \[[^\]]*:main:INFO\] Vmm is stopping\.$/m;
/** A failed virtual CPU stops the machine too; its error precedes the stop. */
const FAILED = /^\S+ \[[^\]]*:fc_vcpu \d+:ERROR\] /m;

/** Whether the log shows that its guest stopped; false for a killed process, and without a log. */
export function saysGuestStopped({ directory, epoch }: Pick<ProcessHandle, 'directory' | 'epoch'>): boolean {
  const text = tailOf(wordPathOf(directory, epoch));
  return STOPPING.test(text) && !FAILED.test(text);
}

function tailOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    // The VM's directory was removed: nothing is left to read.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, start));
  } finally {
    closeSync(file);
  }
}
