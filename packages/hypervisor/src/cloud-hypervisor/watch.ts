// Watches a Cloud Hypervisor process: its end by a held socket, its guest's own doings by the event monitor's file.
import { type FSWatcher, watch as watchFile } from 'node:fs';
import { eventsPathOf, isGuestPanic, isGuestReboot, isGuestStop, readEvents } from '../event-monitor.ts';
import type { ProcessEvent, Watch } from '../port.ts';
import { holdConnection, holdUntilDeath } from '../process/exit/hang-up.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { untraced } from '../trace-call.ts';
import { readState } from './calls.ts';

const ANSWER_WITHIN_MS = 1000;

/** Reports from now on; what the file already holds is reported first when it is a guest's stop, for that is final. */
export function watchProcess(handle: ProcessHandle, report: (event: ProcessEvent) => void): Watch {
  const path = eventsPathOf(handle.directory, handle.epoch);
  let offset = 0;
  let first = true;
  let guestStopped = false;
  let stopReported = false;
  let closed = false;

  const reportStop = (processStays: boolean): void => {
    if (closed || stopReported) return;
    stopReported = true;
    report({ kind: 'guest-stopped', processStays });
  };
  /**
   * A guest that switches itself off ends the process, which answers no more from then on. One that another client of the
   * socket has shut down (`vm.shutdown`) leaves it behind.
   */
  const findOutWhetherItStays = async (): Promise<void> => {
    const now = await readState(untraced, handle, AbortSignal.timeout(ANSWER_WITHIN_MS));
    if (now.ok && now.state === 'shutdown') reportStop(true);
  };
  const drain = (): void => {
    const { events, next } = readEvents(path, offset);
    offset = next;
    const old = first;
    first = false;
    for (const event of events) {
      if (closed) return;
      if (isGuestPanic(event) && !old) report({ kind: 'guest-panicked' });
      if (isGuestReboot(event) && !old) report({ kind: 'guest-rebooted' });
      if (!isGuestStop(event) || guestStopped) continue;
      guestStopped = true;
      void findOutWhetherItStays();
    }
  };
  // A file that cannot be read must not hide the process's end: the trouble goes into its reason.
  let readError = '';
  const tryDrain = (): void => {
    try {
      drain();
      readError = '';
    } catch (error) {
      readError = `; its events cannot be read: ${String(error)}`;
    }
  };
  const dead = (): void => {
    tryDrain();
    if (closed) return;
    if (guestStopped) reportStop(false);
    const reason = guestStopped
      ? `process ${handle.identity.pid} ended after its guest stopped`
      : `process ${handle.identity.pid} ended and left no word of its guest's stop${readError}`;
    report({ kind: 'gone', guestStopped, reason });
  };

  // Not before who asked has its watch.
  queueMicrotask(tryDrain);
  const files = openWatch(path, tryDrain);
  const hold = (end: AbortSignal): Promise<void> => holdConnection(handle.socketPath, end);
  const held = holdUntilDeath(handle.identity, hold, () => {
    files?.close();
    dead();
  });
  return {
    close: () => {
      closed = true;
      files?.close();
      held.close();
    },
  };
}

/** Undefined when the file has gone with its directory: the held socket still tells the end. */
function openWatch(path: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watchFile(path, { persistent: false }, changed);
    // Watching is for speed; the file is read again at the process's end.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
