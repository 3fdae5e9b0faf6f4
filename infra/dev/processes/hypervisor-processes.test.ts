// Which processes a start takes for its VMs, and what is left of one that it ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endHypervisorProcesses, findHypervisorProcesses } from './hypervisor-processes.ts';

let root: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'il-')));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** A process whose arguments look like the hypervisor of a VM in `directory`, with its files. */
const startGuest = async (directory: string): Promise<ChildProcess> => {
  mkdirSync(directory, { recursive: true });
  for (const name of ['e1.sock', 'e1.events', 'launch.json', 'console.log', 'vm.json'])
    writeFileSync(join(directory, name), '');
  const arguments_ = ['-c', 'echo up; read line', 'sh', '--api-socket', join(directory, 'e1.sock')];
  const child = spawn('/bin/sh', arguments_, { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  return child;
};

it('finds the processes of its own hosts, and none of another host or plane', async () => {
  const own = await startGuest(join(root, 'host-1', 'dev', 'vm-1'));
  await startGuest(join(root, 'host-2', 'dev', 'vm-2'));
  await startGuest(join(root, 'host-1', 'inner', 'host-1', 'dev', 'vm-3'));
  expect((await findHypervisorProcesses([join(root, 'host-1')])).map(({ identity }) => identity.pid)).toEqual([
    own.pid,
  ]);
});

it("removes the socket and launch record of an ended process, and keeps the VM's files", async () => {
  const directory = join(root, 'host-1', 'dev', 'vm-1');
  const guest = await startGuest(directory);
  await endHypervisorProcesses(await findHypervisorProcesses([join(root, 'host-1')]));
  await expect.poll(() => guest.signalCode).toBe('SIGTERM');
  expect(readdirSync(directory).sort()).toEqual(['console.log', 'vm.json']);
});
