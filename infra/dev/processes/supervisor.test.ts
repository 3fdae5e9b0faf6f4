// Supervised processes: those that run, those that refuse their configuration, and those that do not end on request.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getPriority, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ROOT } from '../paths.ts';
import { whenAllReady } from '../plane/readiness.ts';
import { Supervisor } from './supervisor.ts';

let directory: string;
let supervisor: Supervisor;
let printed: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-supervisor-'));
  mkdirSync(join(directory, 'logs'));
  printed = [];
  supervisor = new Supervisor(join(directory, 'logs'), (line) => printed.push(line));
});
afterEach(async () => {
  await supervisor.stop(AbortSignal.abort());
  rmSync(directory, { recursive: true });
});

const start = (name: string, code: string): void => {
  writeFileSync(join(directory, `${name}.ts`), code);
  supervisor.start({ name, script: relative(ROOT, join(directory, `${name}.ts`)), env: {} });
};

it('reports the plain-text lines of a process that refuses its configuration, and not its JSON lines', async () => {
  writeFileSync(supervisor.logOf('one'), 'an earlier refusal\n');
  const lines = ['{"msg":"connecting"}', 'NAME is 7; it takes 1 to 3', 'OTHER is not set', '{"msg":"ended"}'];
  start('one', `console.log(${JSON.stringify(lines.join('\n'))}); process.exit(78);`);
  await expect(supervisor.failed).rejects.toThrow(
    /^one does not accept its configuration: NAME is 7; it takes 1 to 3; OTHER is not set$/,
  );
  expect(printed).toEqual([]);
});

it('restarts a process that ends, and prints it', async () => {
  start('one', 'process.exit(1);');
  await expect.poll(() => printed.length, { timeout: 10_000 }).toBeGreaterThan(1);
  expect(printed[0]).toBe(`one ended (exit 1); starting it again in 100 ms; its log: ${supervisor.logOf('one')}`);
});

it('sets the niceness of a process', async () => {
  writeFileSync(join(directory, 'meek.ts'), 'setInterval(() => undefined, 1000);');
  const script = relative(ROOT, join(directory, 'meek.ts'));
  supervisor.start({ name: 'meek', script, env: {}, niceness: 3 });
  const pid = supervisor.pidOf('meek');
  expect(pid).toBeDefined();
  expect(getPriority(pid)).toBe(Math.min(19, getPriority() + 3));
});

it('gives a process time to end, unless the stop is forced', async () => {
  const file = join(directory, 'stubborn');
  start(
    'stubborn',
    `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000);
    import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(file)}, '');`,
  );
  await expect.poll(() => existsSync(file), { timeout: 10_000 }).toBe(true);
  const force = new AbortController();
  let ended = false;
  const stopping = supervisor.stop(force.signal).then(() => {
    ended = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([ended, printed]).toEqual([false, []]);
  await expect
    .poll(() => printed, { timeout: 10_000 })
    .toEqual(['waiting for stubborn to end, at most 12 s more (Ctrl-C again ends everything at once)']);
  const hurriedAt = performance.now();
  force.abort();
  await stopping;
  expect(performance.now() - hurriedAt).toBeLessThan(5000);
});

it('stops polling the readiness of others when one never will be ready', async () => {
  let asked = 0;
  const server: Server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(503).end('not yet');
  }).listen(0, '127.0.0.1');
  try {
    const url = await new Promise<string>((resolve) =>
      server.once('listening', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)),
    );
    const failed = Promise.withResolvers<never>();
    const { signal } = new AbortController();
    setTimeout(() => failed.reject(new Error('never')), 200);
    await expect(whenAllReady([url], failed.promise, signal)).rejects.toThrow('never');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([before > 0, asked - before]).toEqual([true, 0]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
