// Holds a connection open to notice a process's end at once: the kernel hangs it up, whoever the parent was.
import { connect } from 'node:net';
import type { Hangup, Watch } from './port.ts';

/** `lastWords` is asked once, after the end: had the guest said that it was going? */
export const watchSocket = (path: string, lastWords: () => Hangup): Watch => {
  const socket = connect(path);
  const ended = new Promise<Hangup>((resolve) => {
    socket.once('close', () => resolve(lastWords()));
  });
  // A refused or reset connection is an end like any other; 'close' follows.
  socket.on('error', () => socket.destroy());
  socket.on('data', () => undefined);
  return { ended, close: () => socket.destroy() };
};
