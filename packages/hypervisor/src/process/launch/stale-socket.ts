// The socket file that a killed process leaves: a new process of the same epoch would find the place taken.
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';

/** Removed where nobody listens; one that answers is somebody's, and whoever is to bind there fails and says so. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (existsSync(path) && !(await someoneListens(path))) rmSync(path, { force: true });
}

function someoneListens(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // ECONNREFUSED: a file without a listener. A full queue of connections (EAGAIN) is a listener's.
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
