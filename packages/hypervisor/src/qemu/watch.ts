// Watches a QEMU process over its one QMP connection: events while it is open, the process's end when it closes.
import { guestHadStopped, leaveGuestStop } from '../event-monitor.ts';
import type { ProcessEvent, Watch } from '../port.ts';
import { holdUntilDeath } from '../process/exit/hang-up.ts';
import type { ProcessHandle } from '../process-handle.ts';
import type { QmpLinks } from './links.ts';
import type { QmpEvent } from './qmp-connection.ts';

const OPEN_WITHIN_MS = 5000;

export function watchProcess(links: QmpLinks, handle: ProcessHandle, report: (event: ProcessEvent) => void): Watch {
  let sawStop = false;
  let closed = false;
  let ended = (): void => undefined;
  const hear = ({ name, data }: QmpEvent): void => {
    if (name === 'GUEST_PANICKED') report({ kind: 'guest-panicked' });
    if (data.guest !== true) return;
    // A guest panic is a SHUTDOWN too, with another reason: a crash, not a stop (QEMU's ShutdownCause).
    if (name === 'SHUTDOWN' && data.reason === 'guest-shutdown') {
      sawStop = true;
      leaveGuestStop(handle);
      // QEMU waits for its end (see command-line.ts): the stop must be recorded first, for QEMU's state is lost at its exit.
      report({ kind: 'guest-stopped', processStays: true });
    }
    if (name === 'RESET') report({ kind: 'guest-rebooted' });
  };
  const stopListening = links.listen(handle.socketPath, { event: hear, end: () => ended() });

  const hold = async (end: AbortSignal): Promise<void> => {
    const over = new Promise<void>((resolve) => {
      ended = resolve;
      end.addEventListener('abort', () => resolve(), { once: true });
    });
    const within = AbortSignal.any([end, AbortSignal.timeout(OPEN_WITHIN_MS)]);
    const link = await links.connection(handle.socketPath, within);
    if (link.ok && link.connection.usable) await over;
  };
  const dead = async (): Promise<void> => {
    // Includes a stop recorded before the watch. A read error must not hide the process's exit.
    const guestStopped = sawStop || (await guestHadStopped(handle).catch(() => false));
    if (closed) return;
    const { pid } = handle.identity;
    const reason = guestStopped
      ? `process ${pid} ended after its guest stopped`
      : `process ${pid} ended; its guest had not`;
    report({ kind: 'gone', guestStopped, reason });
  };
  const held = holdUntilDeath(handle.identity, hold, () => {
    stopListening();
    void dead();
  });
  return {
    close: () => {
      closed = true;
      stopListening();
      held.close();
    },
  };
}
