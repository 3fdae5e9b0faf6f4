// Cloud Hypervisor's `--event-monitor` file: the last words of a process, readable after its death.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Hangup, Launch } from '../port.ts';

export const eventMonitorPathOf = (launch: Pick<Launch, 'directory' | 'epoch'>): string =>
  `${launch.directory}/e${launch.epoch}.events`;

const TAIL_BYTES = 4096;

/** `guest`: the file ends with the guest's own shutdown. A missing or unreadable file says nothing. */
export const lastWords = (path: string): Hangup => {
  let text = '';
  try {
    const file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    closeSync(file);
    text = buffer.toString();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return { cause: /"event":\s*"(shutdown|guest_exit)"/.test(text) ? 'guest' : 'unknown' };
};
