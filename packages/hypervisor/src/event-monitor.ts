// Cloud Hypervisor's `--event-monitor` file: the guest's own actions, readable after the process's death. For a
// hypervisor that records no guest stop, its driver appends one here in the same format.
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

/** Bytes read at most: a guest that reboots endlessly must not exhaust memory. */
const TAIL_BYTES = 64 * 1024;

/**
 * The events written from byte `from` on, at most the last 64 KiB of them, and the next offset. Events are JSON objects
 * with a blank line between (event_monitor/src/lib.rs); an incomplete one is skipped. The read is synchronous: it is on
 * the path of a boot's outcome, and four turns of the thread pool cost ten times the read.
 */
export function readEvents(path: string, from: number): { events: MonitorEvent[]; next: number } {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    // The VM's directory was removed: nothing is left to read.
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

/** Whether the last event is a guest stop rather than a guest start. */
export function saysGuestStopped({ directory, epoch }: Pick<ProcessHandle, 'directory' | 'epoch'>): boolean {
  const { events } = readEvents(eventsPathOf(directory, epoch), 0);
  const last = events.findLast((event) => isGuestStop(event) || isGuestStart(event));
  return last !== undefined && isGuestStop(last);
}

export const guestHadStopped = async (process: Pick<ProcessHandle, 'directory' | 'epoch'>): Promise<boolean> =>
  saysGuestStopped(process);

/** Synchronous: the event must precede the process's end and any report. With a full disk only the event is lost. */
export function leaveGuestStop({ directory, epoch }: Pick<ProcessHandle, 'directory' | 'epoch'>): void {
  const event: MonitorEvent = { source: 'vm', event: 'shutdown' };
  try {
    appendFileSync(eventsPathOf(directory, epoch), `${JSON.stringify(event)}\n\n`, { mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}
