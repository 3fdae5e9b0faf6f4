// The simulator: one process per VM, a hypervisor's API on a unix socket, and a simulated guest.
// Usage: main.ts --api-socket <socket> --event-monitor path=<file>          (Cloud Hypervisor's own flags)
//        main.ts --api-sock <socket> --id <id> --log-path <file>            (Firecracker's own flags)
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { flushCompileCache } from 'node:module';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';

const EX_USAGE = 64;
const EX_CANTCREAT = 73;

function end(status: number, reason: string): never {
  console.error(`simulator: ${reason}`);
  process.exit(status);
}

/** A killed process leaves a socket file without a listener; one that answers is in use. */
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

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The dialect of the given flags; the other's modules are not loaded, because a thousand of these may run. */
async function dialect(): Promise<{ readonly socketPath: string; readonly serve: Serve }> {
  const text = { type: 'string' } as const;
  const cloudHypervisors = { 'api-socket': text, 'event-monitor': text };
  const { values } = parseArgs({ options: { ...cloudHypervisors, 'api-sock': text, id: text, 'log-path': text } });
  const { 'api-socket': socket, 'event-monitor': monitor, 'api-sock': sock, id, 'log-path': logPath } = values;
  if (socket !== undefined && monitor !== undefined) {
    const { Machine } = await import('./cloud-hypervisor/machine.ts');
    const { serve } = await import('./cloud-hypervisor/api.ts');
    const machine = new Machine(monitor.replace(/^path=/, ''));
    return { socketPath: socket, serve: (request, response) => serve(machine, request, response) };
  }
  if (sock !== undefined && id !== undefined && logPath !== undefined) {
    const { Instance } = await import('./firecracker/instance.ts');
    const { serve } = await import('./firecracker/api.ts');
    const instance = new Instance(id, logPath);
    return { socketPath: sock, serve: (request, response) => serve(instance, request, response) };
  }
  return end(
    EX_USAGE,
    'needs --api-socket <socket> and --event-monitor path=<file>, or --api-sock <socket>, --id <id> and --log-path <file>',
  );
}

// Console, events and snapshots are for the owner.
process.umask(0o077);
const { socketPath, serve } = await dialect();
if (await someoneListens(socketPath)) end(EX_CANTCREAT, `another process listens on ${socketPath}`);
rmSync(socketPath, { force: true });

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    console.error('simulator:', error);
    response.destroy();
  });
});
// An executor holds an idle connection to detect this process's death: it must not time out.
server.headersTimeout = 0;
server.requestTimeout = 0;
// A socket's mode is set by the umask during bind, which is within this call: 0600.
process.umask(0o177);
server.listen(socketPath, () => {
  process.umask(0o077);
  // Before exit: a killed simulator would leave no cache for the next one. A no-op without a cache.
  flushCompileCache();
});
process.on('SIGTERM', () => process.exit(0));
