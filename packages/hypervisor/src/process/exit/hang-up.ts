// Notices a process's end at once: the kernel hangs up the sockets of the dead, whoever the parent was.
import { connect } from 'node:net';
import { pause } from '../../pause.ts';
import { isAlive, type ProcessIdentity } from '../table/identity.ts';

export interface HeldSocket {
  close(): void;
}

/** Between a hang-up and the process's death the kernel takes its memory down: wait this long before doubting. */
const DEATH_POLL_MS = 5;
const RECONNECT_MS = 500;

/**
 * Holds a connection, made by `hold` (which resolves when it has ended), and calls `dead` once, when that process has
 * died. A connection that ends though the process lives (it sheds load, it has another client) is made again each
 * half second, and the process looked at.
 */
export function holdUntilDeath(
  identity: ProcessIdentity,
  hold: (closed: AbortSignal) => Promise<void>,
  dead: () => void,
): HeldSocket {
  const closed = new AbortController();
  const holding = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      await hold(closed.signal);
      if (await diesSoon(identity, closed.signal)) return dead();
    }
  };
  void holding();
  return { close: () => closed.abort() };
}

/** A connection to `socketPath` on which nothing is said; resolves when it is over. */
export function holdConnection(socketPath: string, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const close = (): void => void socket.destroy();
    closed.addEventListener('abort', close, { once: true });
    // A refused connection is a hang-up like any other: 'close' follows, and the process is looked at.
    socket.on('error', close);
    socket.on('close', () => {
      closed.removeEventListener('abort', close);
      resolve();
    });
    // Nothing is expected on it; unread data would hide the end.
    socket.resume();
  });
}

async function diesSoon(identity: ProcessIdentity, closed: AbortSignal): Promise<boolean> {
  const end = performance.now() + RECONNECT_MS;
  while (!closed.aborted && performance.now() < end) {
    if (!(await isAlive(identity))) return !closed.aborted;
    await pause(DEATH_POLL_MS, closed);
  }
  return false;
}
