// What a Firecracker process leaves in its log when its guest has reset or switched itself off: all it does in that case is
// to end, with status 0, which only its parent learns.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { eventsPathOf } from '../event-monitor.ts';
import type { ProcessHandle } from '../process-handle.ts';

/** Where other hypervisors' words of a guest's stop are, so that it goes as they do. */
export const wordPathOf = eventsPathOf;

/** Empty, mode 0600: what an earlier process of the epoch left is not this one's. */
export const prepareWord = (path: string): Promise<void> => writeFile(path, '', { mode: 0o600 });

const TAIL_BYTES = 64 * 1024;
const STOPPING = /^\S+ \[[^\]]*:main:INFO\] Vmm is stopping\.$/m;
/** A virtual CPU that failed stops the machine too, by an error that is on record before. */
const FAILED = /^\S+ \[[^\]]*:fc_vcpu \d+:ERROR\] /m;

/** Whether it left word that its guest had stopped; false for one that was killed, and where nothing can be read. */
export function saysGuestStopped({ directory, epoch }: Pick<ProcessHandle, 'directory' | 'epoch'>): boolean {
  const text = tailOf(wordPathOf(directory, epoch));
  return STOPPING.test(text) && !FAILED.test(text);
}

function tailOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    // The VM's directory was removed: nothing was left to read.
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
