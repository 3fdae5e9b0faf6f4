// Detects a process's exit: the kernel closes the sockets of a dead process, whatever its parent.
import { connect } from 'node:net';
import { pause } from '../../pause.ts';
import { isAlive, type ProcessIdentity } from '../table/identity.ts';

export interface HeldSocket {
  close(): void;
}

/** After a hang-up the kernel still frees the process's memory: the wait before the next check. */
const DEATH_POLL_MS = 5;
const RECONNECT_MS = 500;

/**
 * Holds a connection made by `hold`, which resolves when it has ended, and calls `dead` once, when the process has died.
 * A connection that ends while the process lives (it sheds load, it has another client) is reopened after half a
 * second, and the process is checked.
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

/** An idle connection to `socketPath`; resolves when it has closed. */
export function holdConnection(socketPath: string, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const close = (): void => void socket.destroy();
    closed.addEventListener('abort', close, { once: true });
    // A refused connection is handled like a hang-up: 'close' follows, and the process is checked.
    socket.on('error', close);
    socket.on('close', () => {
      closed.removeEventListener('abort', close);
      resolve();
    });
    // No data is expected; unread data would hide the end.
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
