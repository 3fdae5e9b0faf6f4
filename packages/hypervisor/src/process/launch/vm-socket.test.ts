// Which arguments yield a VM's socket.
import { expect, it } from 'vitest';
import { socketIn } from './vm-socket.ts';

it.each([
  ['program|--api-socket|/s/a/vm/e1.sock', '/s/a/vm/e1.sock'],
  ['program|--api-sock|/s/a/vm/e1.sock|--id|e1-0123', '/s/a/vm/e1.sock'],
  ['program|--api-socket|path=/s/a/vm/e1.sock', '/s/a/vm/e1.sock'],
  ['program|--api-socket=path=/s/a/vm/e1.sock', '/s/a/vm/e1.sock'],
  ['program|--api-sock=/s/a/vm/e1.sock', '/s/a/vm/e1.sock'],
  ['program|--api-socket|fd=3,path=/s/a/vm/e1.sock', '/s/a/vm/e1.sock'],
  ['program|-qmp|server=on,unix:/s/a/vm/e1.sock', '/s/a/vm/e1.sock'],
  ['program|-qmp|/s/a/vm/e1.sock', '/s/a/vm/e1.sock'],
  ['program|-append|--api-socket=/s/a/vm/e1.sock x', null],
  ['program|-m|128|-qmp|unix:/s/a/vm/e12.sock,server=on,wait=off|-append|quiet', '/s/a/vm/e12.sock'],
  ['wrapper|program|-qmp|unix:/s/a/vm/e1.sock', '/s/a/vm/e1.sock'],
  ['program|/s/a/vm/e1.sock', null],
  ['program|-append|unix:/s/a/vm/e1.sock,server=on,wait=off', null],
  ['program|--event-monitor|path=/s/a/vm/e1.sock', null],
  ['program|--api-socket|/s/a/vm/e1.sock.bak', null],
  ['program|--api-socket|/s/a/vm/e1x.sock', null],
  ['program|--api-socket|s/a/vm/e1.sock', null],
  ['program|-qmp|tcp:/s/a/vm/e1.sock,server=on', null],
  ['program|--api-socket', null],
  ['', null],
])('reads %s as %s', (argv, path) => {
  expect(socketIn(`${argv.replaceAll('|', '\0')}\0`)).toBe(path);
});
