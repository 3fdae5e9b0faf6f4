// Watches a Cloud Hypervisor process: its exit by a held socket, its guest's actions by the event monitor's file.
import { type FSWatcher, watch as watchFile } from 'node:fs';
import { eventsPathOf, isGuestPanic, isGuestReboot, isGuestStop, readEvents } from '../event-monitor.ts';
import type { ProcessEvent, Watch } from '../port.ts';
import { holdConnection, holdUntilDeath } from '../process/exit/hang-up.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { untraced } from '../trace-call.ts';
import { readState } from './calls.ts';

const ANSWER_WITHIN_MS = 1000;

/** Reports events from now on. A guest stop that the file already holds is reported first, for it is final. */
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
   * A guest that powers off ends the process, which then answers no request. After `vm.shutdown` by another client of
   * the socket, the process remains.
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
  // A read error must not hide the process's exit: the exit's reason includes it.
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

  // After the caller has its watch.
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

/** Undefined when the file's directory is gone: the socket still reports exit. */
function openWatch(path: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watchFile(path, { persistent: false }, changed);
    // It only saves time; the file is read again at exit.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
