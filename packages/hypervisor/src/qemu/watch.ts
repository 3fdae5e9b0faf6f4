// Watches a QEMU process over its one QMP connection: events while it lasts, the process's end when it hangs up.
import type { ProcessEvent, ProcessHandle, Watch } from '../port.ts';
import { holdUntilDeath } from '../process/hang-up.ts';
import { command } from './calls.ts';
import type { QmpLinks } from './links.ts';
import type { QmpEvent } from './qmp-connection.ts';

const OPEN_WITHIN_MS = 5000;
const QUIT_WITHIN_MS = 5000;

export function watchProcess(links: QmpLinks, handle: ProcessHandle, report: (event: ProcessEvent) => void): Watch {
  let guestStopped = false;
  let ended = (): void => undefined;
  const hear = ({ name, data }: QmpEvent): void => {
    if (data.guest !== true) return;
    // A guest's panic is a SHUTDOWN too, by another reason: a crash, not a stop (QEMU's ShutdownCause).
    if (name === 'SHUTDOWN' && data.reason === 'guest-shutdown') {
      guestStopped = true;
      report({ kind: 'guest-stopped' });
      // It waits to be asked (see command-line.ts), and has just told. A refusal is no news: the process's end tells.
      void command(links, handle, 'quit', AbortSignal.timeout(QUIT_WITHIN_MS));
    }
    if (name === 'RESET') report({ kind: 'guest-rebooted' });
  };
  const stopListening = links.listen(handle.socketPath, { event: hear, end: () => ended() });

  const hold = async (closed: AbortSignal): Promise<void> => {
    const over = new Promise<void>((resolve) => {
      ended = resolve;
      closed.addEventListener('abort', () => resolve(), { once: true });
    });
    const within = AbortSignal.any([closed, AbortSignal.timeout(OPEN_WITHIN_MS)]);
    const link = await links.connection(handle.socketPath, within);
    if (link.ok && link.connection.usable) await over;
  };
  const held = holdUntilDeath(handle.identity, hold, () => {
    stopListening();
    const { pid } = handle.identity;
    const reason = guestStopped
      ? `process ${pid} ended after its guest stopped`
      : `process ${pid} ended; its guest had not`;
    report({ kind: 'gone', guestStopped, reason });
  });
  return {
    close: () => {
      stopListening();
      held.close();
    },
  };
}
