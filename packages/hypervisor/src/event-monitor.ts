// Cloud Hypervisor's `--event-monitor` file: what the guest did by itself, readable after the process's death too. For a
// hypervisor that leaves no word of its guest's stop, its driver leaves it here, in the same words.
import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ProcessHandle } from './process-handle.ts';
import { parseJson } from './rest/json.ts';

const eventSchema = z.object({ source: z.string(), event: z.string() });
export type MonitorEvent = z.infer<typeof eventSchema>;

export const eventsPathOf = (directory: string, epoch: number): string => join(directory, `e${epoch}.events`);

/** Empty, mode 0600, before the spawn: Cloud Hypervisor opens the path and does not create it. */
export const prepareEvents = (path: string): Promise<void> => writeFile(path, '', { mode: 0o600 });

/** Bytes read at most: a guest that reboots without end must not fill our memory. */
const TAIL_BYTES = 64 * 1024;

/**
 * The events written from byte `from` on, at most the last 64 KiB of them, and where to read on. Events are JSON
 * objects with a blank line between (event_monitor/src/lib.rs); what is cut or broken is not an event yet. At once, not
 * by the thread pool: it is read while a boot's outcome is on its way, and four turns of the pool cost ten times the reading.
 */
export function readEvents(path: string, from: number): { events: MonitorEvent[]; next: number } {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    // The VM's directory was removed: nothing was left to read.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { events: [], next: from };
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const start = Math.max(from, size - TAIL_BYTES);
    if (size <= start) return { events: [], next: from };
    const buffer = Buffer.alloc(size - start);
    const text = buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, start));
    const integer = text.lastIndexOf('\n\n') + 2;
    const events = text
      .slice(0, Math.max(0, integer))
      .split('\n\n')
      .map((block) => eventSchema.safeParse(parseJson(block)))
      .flatMap((parsed) => (parsed.success ? [parsed.data] : []));
    return { events, next: integer < 2 ? from : start + Buffer.byteLength(text.slice(0, integer)) };
  } finally {
    closeSync(file);
  }
}

export const isGuestStop = ({ source, event }: MonitorEvent): boolean => source === 'vm' && event === 'shutdown';
export const isGuestPanic = ({ source, event }: MonitorEvent): boolean => source === 'guest' && event === 'panic';
export const isGuestReboot = ({ source, event }: MonitorEvent): boolean => source === 'vm' && event === 'rebooted';

const isGuestStart = ({ source, event }: MonitorEvent): boolean => source === 'vm' && event === 'booted';

/** Whether the process left word that its guest had stopped, and has not been started since. */
export function saysGuestStopped({ directory, epoch }: Pick<ProcessHandle, 'directory' | 'epoch'>): boolean {
  const { events } = readEvents(eventsPathOf(directory, epoch), 0);
  const last = events.findLast((event) => isGuestStop(event) || isGuestStart(event));
  return last !== undefined && isGuestStop(last);
}

export const guestHadStopped = async (process: Pick<ProcessHandle, 'directory' | 'epoch'>): Promise<boolean> =>
  saysGuestStopped(process);

/** At once, for it is to be there before the process is ended, or anybody told. A disk that is full costs the word alone. */
export function leaveGuestStop({ directory, epoch }: Pick<ProcessHandle, 'directory' | 'epoch'>): void {
  const event: MonitorEvent = { source: 'vm', event: 'shutdown' };
  try {
    appendFileSync(eventsPathOf(directory, epoch), `${JSON.stringify(event)}\n\n`, { mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}
