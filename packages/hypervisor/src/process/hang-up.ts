// Notices a process's end at once: the kernel hangs up the sockets of the dead, whoever the parent was.
import { connect, type Socket } from 'node:net';
import { pause } from '../pause.ts';
import { isAlive, type ProcessIdentity } from './identity.ts';

export interface HeldSocket {
  close(): void;
}

/** Between a hang-up and the process's death the kernel takes its memory down: wait this long before doubting. */
const DEATH_POLL_MS = 5;
const RECONNECT_MS = 500;

/**
 * Holds a connection to `socketPath` and calls `dead` once, when that process has died. A connection that ends though
 * the process lives (it stopped listening, it shed load) is made again each half second, and the process looked at.
 */
export function holdSocket(socketPath: string, identity: ProcessIdentity, dead: () => void): HeldSocket {
  const closed = new AbortController();
  let socket: Socket | undefined;
  const hold = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      socket = connect(socketPath);
      await hungUp(socket);
      if (await diesSoon(identity, closed.signal)) return dead();
    }
  };
  void hold();
  return {
    close: () => {
      closed.abort();
      socket?.destroy();
    },
  };
}

function hungUp(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    // A refused connection is a hang-up like any other: 'close' follows, and the process is looked at.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve());
    // Nothing is expected on it; unread data would hide the end.
    socket.resume();
    socket.unref();
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
