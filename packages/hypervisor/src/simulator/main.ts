// The simulator: one process per VM, Cloud Hypervisor's API on a unix socket, and no guest behind it.
// Usage: main.ts --api-socket path=<socket> --event-monitor path=<file>
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { answer } from './api.ts';
import { Machine } from './machine.ts';

const argument = (flag: string): string => {
  const value = process.argv[process.argv.indexOf(flag) + 1];
  if (!process.argv.includes(flag) || !value?.startsWith('path=')) {
    console.error(`simulator: needs ${flag} path=<file>`);
    process.exit(64);
  }
  return value.slice('path='.length);
};

const socketPath = argument('--api-socket');
const machine = new Machine(argument('--event-monitor'));
process.umask(0o077);

const someoneAnswers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

if (await someoneAnswers(socketPath)) {
  console.error(`simulator: another process answers on ${socketPath}`);
  process.exit(73);
}
rmSync(socketPath, { force: true });
const server = createServer((request, response) => {
  answer(machine, request, response).catch((error: unknown) => {
    console.error('simulator:', error);
    response.destroy();
  });
});
// A held connection with no request on it is how an executor notices our death: it must not time out.
server.headersTimeout = 0;
server.requestTimeout = 0;
server.listen(socketPath, () => chmodSync(socketPath, 0o600));
process.on('SIGTERM', () => process.exit(0));
