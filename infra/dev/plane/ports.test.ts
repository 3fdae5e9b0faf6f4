import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { choosePort } from './ports.ts';

it('takes another free port when the requested one is in use, and reports it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const wanted = typeof address === 'object' && address ? address.port : 0;
  const chosen = await choosePort(wanted);
  expect(chosen.instead).toBe(`port ${wanted} is taken`);
  expect(chosen.port).not.toBe(wanted);
  server.close();
  await once(server, 'close');
  expect(await choosePort(wanted)).toEqual({ port: wanted });
});

const isRoot = process.getuid?.() === 0;
if (isRoot) console.warn('no port is refused here: root may use each');

it.skipIf(isRoot)('distinguishes a port that this user may not use from one in use', async () => {
  expect((await choosePort(80)).instead).toBe('port 80 may not be used by this user');
});
