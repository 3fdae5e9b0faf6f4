import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { until, VmFixture } from '../../conformance/vm.fixture.ts';
import { qemuArguments } from '../../qemu/command-line.ts';
import { findAllByDirectory, findByDirectory, findUnder } from './find.ts';
import { identify, isAlive, parseStat } from './identity.ts';

describe('finding processes by their argv', () => {
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      const ended = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  });
  /** An idle process with these arguments. */
  const bear = async (...argv: string[]): Promise<number> => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', '--', ...argv], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    children.push(child);
    await once(child, 'spawn');
    return child.pid ?? 0;
  };
  const root = `/nonexistent/find-${process.pid}`;

  it('keeps VMs with a common beginning apart', async () => {
    const one = await bear('--api-socket', `${root}/acme/vm-1/e3.sock`);
    const ten = await bear('-qmp', `unix:${root}/acme/vm-10/e12.sock,server=on,wait=off`);
    expect((await findByDirectory(`${root}/acme/vm-1`)).map(({ identity, epoch }) => [identity.pid, epoch])).toEqual([
      [one, 3],
    ]);
    expect((await findByDirectory(`${root}/acme/vm-10`)).map(({ identity, epoch }) => [identity.pid, epoch])).toEqual([
      [ten, 12],
    ]);
    expect((await findUnder(root)).map(({ identity }) => identity.pid).sort()).toEqual([one, ten].sort());
    expect(await findUnder(`${root}/acm`)).toEqual([]);
  });

  it('does not take a process that only names the directory, such as an editor or a tail', async () => {
    await bear(`${root}/acme/vm-1/console.log`, `${root}/acme/vm-1`);
    expect(await findUnder(root)).toEqual([]);
  });

  it('names one that holds the directory and tells no socket, and leaves out who only reads in it', async () => {
    const directory = `${root}/acme/vm-1`;
    const unread = [
      await bear('--listen', `url=${directory}/e1.sock`),
      await bear(`--config=${directory}/vm.toml`),
      await bear('--chroot', directory),
    ];
    await bear('-f', `${directory}/console.log`);
    await bear('--chroot', `${directory}0`, `x${directory}`);
    const own = await bear('--api-socket', `path=${directory}/e2.sock`);
    const found = await findAllByDirectory(directory);
    expect(found.own.map(({ identity, epoch }) => [identity.pid, epoch])).toEqual([[own, 2]]);
    expect(found.unread.map(({ identity }) => identity.pid).sort()).toEqual(unread.sort());
    expect(found.unread[0]?.program).toBe(process.execPath);
  });

  it("does not take a VM's process for another's, whatever its tenant has put into the kernel's arguments", async () => {
    const other = `${root}/globex/vm-1`;
    const machine = { accelerator: 'tcg', kernel: '/vmlinuz', clock: '' } as const;
    const vm = await VmFixture.make({ image: {} });
    onTestFinished(() => vm.dispose());
    for (const hostile of [
      `${other}/e1.sock`,
      `,${other}/e1.sock,`,
      `unix:${other}/e1.sock,server=on,wait=off`,
      `-qmp unix:${other}/e1.sock,server=on`,
      `--api-socket ${other}/e1.sock`,
    ]) {
      const pid = await bear(...qemuArguments(vm.launch(1, hostile), machine));
      expect([hostile, await findAllByDirectory(other)]).toEqual([hostile, { own: [], unread: [] }]);
      expect((await findByDirectory(vm.directory)).map(({ identity }) => identity.pid)).toContain(pid);
    }
  });

  it('finds a process that runs its program only later, under the pid and start time that were seen before', async () => {
    const argv = ['-c', 'read line; exec sh -c "read line" sh --api-socket "$0"', `${root}/acme/vm-1/e1.sock`];
    const child = spawn('sh', argv, { stdio: ['pipe', 'ignore', 'inherit'] });
    children.push(child);
    await once(child, 'spawn');
    expect(await findUnder(root)).toEqual([]);
    child.stdin.write('go on\n');
    await until('it is found', async () => (await findUnder(root)).length === 1, 5000);
    expect((await findUnder(root))[0]?.identity.pid).toBe(child.pid);
  });

  it('does not take a zombie for a living process', async () => {
    // The shell's child becomes a zombie, for the shell has become sleep.
    const child = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    await until('the child is dead or a zombie', async () => (await identify(pid)) === null);
    expect(await isAlive({ pid, startTime: '1', bootId: 'x' })).toBe(false);
  });

  it('reads the stat line of a program whose name holds blanks and parentheses', () => {
    const numbers = Array.from({ length: 49 }, (_, index) => index + 4).join(' ');
    const read = { isDead: false, startTime: '22', argStart: '48', argEnd: '49' };
    expect(parseStat(`42 (a) Z (b c) S ${numbers}\n`)).toEqual(read);
    expect(parseStat(`42 (a) S (b c) Z ${numbers}\n`)).toEqual({ ...read, isDead: true });
    expect(parseStat('nonsense')).toBeNull();
  });
});
