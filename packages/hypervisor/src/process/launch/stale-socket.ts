// The socket file of a killed process, which would stop a new process of the same epoch from binding.
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';

/** Removes it unless a process listens on it; in that case the new process's bind fails. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (existsSync(path) && !(await someoneListens(path))) rmSync(path, { force: true });
}

function someoneListens(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // ECONNREFUSED: a file without a listener. EAGAIN: a listener with a full backlog.
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
