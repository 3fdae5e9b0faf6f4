// The simulator: one process per VM, Cloud Hypervisor's API on a unix socket, and a guest that only seems to run.
// Usage: main.ts --api-socket <socket> --event-monitor path=<file>   (Cloud Hypervisor's own flags)
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { flushCompileCache } from 'node:module';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { serve } from './api.ts';
import { Machine } from './machine.ts';

const EX_USAGE = 64;
const EX_CANTCREAT = 73;

function end(status: number, reason: string): never {
  console.error(`simulator: ${reason}`);
  process.exit(status);
}

/** A socket file without a listener is what a killed process leaves; one that answers is somebody's. */
function someoneListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

const { values } = parseArgs({ options: { 'api-socket': { type: 'string' }, 'event-monitor': { type: 'string' } } });
const socketPath = values['api-socket'];
const eventsPath = values['event-monitor']?.replace(/^path=/, '');
if (socketPath === undefined || eventsPath === undefined)
  end(EX_USAGE, 'needs --api-socket <socket> and --event-monitor path=<file>');

// Console, events and snapshots are the owner's alone.
process.umask(0o077);
if (await someoneListens(socketPath)) end(EX_CANTCREAT, `another process listens on ${socketPath}`);
rmSync(socketPath, { force: true });

const machine = new Machine(eventsPath);
const server = createServer((request, response) => {
  serve(machine, request, response).catch((error: unknown) => {
    console.error('simulator:', error);
    response.destroy();
  });
});
// An executor holds a connection without a request to notice our death: it must not time out.
server.headersTimeout = 0;
server.requestTimeout = 0;
// A socket takes its mode from the umask in force when it is bound, which is within this call: 0600.
process.umask(0o177);
server.listen(socketPath, () => {
  process.umask(0o077);
  // Now, not at exit: a killed simulator would leave the next one nothing. Does nothing where no cache is set.
  flushCompileCache();
});
process.on('SIGTERM', () => process.exit(0));
