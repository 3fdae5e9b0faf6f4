// Watches a Firecracker process, which exits at each guest reset and power-off.
import type { ProcessEvent, Watch } from '../port.ts';
import { holdConnection, holdUntilDeath } from '../process/exit/hang-up.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { saysGuestStopped } from './last-word.ts';

export function watchProcess(handle: ProcessHandle, report: (event: ProcessEvent) => void): Watch {
  const hold = (end: AbortSignal): Promise<void> => holdConnection(handle.socketPath, end);
  const held = holdUntilDeath(handle.identity, hold, () => {
    const { pid } = handle.identity;
    const { guestStopped, trouble } = lastWord(handle);
    if (guestStopped) report({ kind: 'guest-stopped', processStays: false });
    const reason = guestStopped
      ? `process ${pid} ended after its guest stopped`
      : `process ${pid} ended and left no word of its guest's stop${trouble}`;
    report({ kind: 'gone', guestStopped, reason });
  });
  return held;
}

/** A read error must not hide the process's exit: the exit's reason includes it. */
function lastWord(handle: ProcessHandle): { readonly guestStopped: boolean; readonly trouble: string } {
  try {
    return { guestStopped: saysGuestStopped(handle), trouble: '' };
  } catch (error) {
    return { guestStopped: false, trouble: `; its log cannot be read: ${String(error)}` };
  }
}
