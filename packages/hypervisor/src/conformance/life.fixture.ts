// A VM's lifecycle, as every driver guarantees it: from spawn to exit or kill, watched or not.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Hypervisor } from '../port.ts';
import { killProcess } from '../process/exit/kill.ts';
import { findByDirectory } from '../process/table/find.ts';
import { identify } from '../process/table/identity.ts';
import type { Subject } from './subject.fixture.ts';
import { halt, recorder, until, VmFixture, within } from './vm.fixture.ts';

const OK = { ok: true };

export function life(subject: Subject): void {
  describe('a life', () => {
    let hypervisor: Hypervisor;
    let vm: VmFixture;
    beforeEach(async () => {
      hypervisor = subject.create();
      vm = await VmFixture.make(subject.guest);
    });
    afterEach(async () => {
      await hypervisor.close();
      await vm.dispose();
    });
    const stateOf = async (handle: Parameters<Hypervisor['observe']>[0], driver = hypervisor) => {
      const seen = await driver.observe(handle, within(5000));
      return seen.ok ? seen.state : seen.code;
    };

    it('takes a VM from spawn to a graceful end', async () => {
      const { handle, launch, exited } = await vm.spawn(hypervisor);
      expect(await hypervisor.create(handle, launch, within(10_000))).toMatchObject(OK);
      expect(await stateOf(handle)).toBe('created');
      expect(await hypervisor.boot(handle, within(5000))).toMatchObject(OK);
      expect(await stateOf(handle)).toBe('running');
      await vm.guestSays(subject.readyLine);
      expect(await hypervisor.pause(handle, within(5000))).toMatchObject(OK);
      expect(await stateOf(handle)).toBe('paused');
      expect(await hypervisor.resume(handle, within(5000))).toMatchObject(OK);
      expect(await stateOf(handle)).toBe('running');
      expect(await hypervisor.shutdown(handle, within(20_000))).toMatchObject(OK);
      expect(await exited).toEqual({ exitCode: 0, signal: null });
      expect(await stateOf(handle)).toBe('absent');
    });

    it('ensures: what is so already is success, and what the state forbids is refused', async () => {
      const { handle, launch } = await vm.spawn(hypervisor);
      await hypervisor.create(handle, launch, within(10_000));
      expect(await hypervisor.create(handle, launch, within(5000))).toMatchObject(OK);
      expect(await hypervisor.pause(handle, within(5000))).toMatchObject({
        ok: false,
        code: 'refused',
        retryable: false,
      });
      expect(await hypervisor.resume(handle, within(5000))).toMatchObject({ ok: false, code: 'refused' });
      await hypervisor.boot(handle, within(5000));
      expect(await hypervisor.boot(handle, within(5000))).toMatchObject(OK);
      expect(await hypervisor.create(handle, launch, within(5000))).toMatchObject(OK);
      expect(await hypervisor.resume(handle, within(5000))).toMatchObject(OK);
      await hypervisor.pause(handle, within(5000));
      expect(await hypervisor.pause(handle, within(5000))).toMatchObject(OK);
      expect(await hypervisor.boot(handle, within(5000))).toMatchObject({ ok: false, code: 'refused' });
    });

    it('shuts a paused guest down', async () => {
      const { handle } = await vm.running(hypervisor);
      await vm.guestSays(subject.readyLine);
      await hypervisor.pause(handle, within(5000));
      expect(await hypervisor.shutdown(handle, within(20_000))).toMatchObject(OK);
    });

    it('tells a guest that stopped from a process that was killed', async () => {
      const { handle } = await vm.running(hypervisor);
      await vm.guestSays(subject.readyLine);
      const { events, report } = recorder();
      hypervisor.watch(handle, report);
      await hypervisor.shutdown(handle, within(20_000));
      await until('the end is reported', () => events.some(({ kind }) => kind === 'gone'));
      expect(events).toMatchObject([{ kind: 'guest-stopped' }, { kind: 'gone', guestStopped: true }]);
      expect(await hypervisor.guestHadStopped(handle)).toBe(true);
    });

    it('leaves word of a shutdown that nobody watched; the next process of that epoch begins without it', async () => {
      const { handle } = await vm.running(hypervisor);
      await vm.guestSays(subject.readyLine);
      expect(await hypervisor.guestHadStopped(handle)).toBe(false);
      await hypervisor.shutdown(handle, within(20_000));
      await hypervisor.close();
      const successor = subject.create();
      expect(await successor.guestHadStopped({ directory: vm.directory, epoch: 1 })).toBe(true);
      expect(await successor.guestHadStopped({ directory: vm.directory, epoch: 2 })).toBe(false);
      await vm.spawn(successor);
      expect(await successor.guestHadStopped({ directory: vm.directory, epoch: 1 })).toBe(false);
      await successor.close();
    });

    it('reports a kill -9 once, and the socket it leaves does not hinder the next epoch or the same one', async () => {
      const { handle, exited } = await vm.running(hypervisor);
      const { events, report } = recorder();
      hypervisor.watch(handle, report);
      process.kill(handle.identity.pid, 'SIGKILL');
      await until('the end is reported', () => events.length > 0);
      expect(events).toMatchObject([{ kind: 'gone', guestStopped: false }]);
      expect(await exited).toEqual({ exitCode: null, signal: 'SIGKILL' });
      expect(await hypervisor.guestHadStopped(handle)).toBe(false);
      expect((await stat(handle.socketPath)).isSocket()).toBe(true);
      const booted = await hypervisor.boot(handle, within(5000));
      expect(booted).toMatchObject({ ok: false, code: 'unreachable', detail: expect.stringContaining(vm.directory) });
      expect(JSON.stringify({ ...booted, detail: '' })).not.toContain(vm.directory);
      for (const epoch of [1, 2]) {
        const next = await vm.spawn(hypervisor, vm.launch(epoch));
        expect(await hypervisor.create(next.handle, next.launch, within(10_000))).toMatchObject(OK);
        await killProcess(next.handle.identity, { graceMs: 2000 });
      }
    });

    it('answers timeout while the process is stopped, and works when it goes on', async () => {
      const { handle } = await vm.running(hypervisor);
      await halt(handle.identity.pid);
      expect(await hypervisor.observe(handle, within(200))).toMatchObject({
        ok: false,
        code: 'timeout',
        retryable: true,
      });
      expect(await hypervisor.pause(handle, within(200))).toMatchObject({ ok: false, code: 'timeout' });
      expect(await hypervisor.shutdown(handle, within(200))).toMatchObject({ ok: false, code: 'timeout' });
      process.kill(handle.identity.pid, 'SIGCONT');
      expect(await hypervisor.pause(handle, within(5000))).toMatchObject(OK);
    });

    it('counts what a VM has used, and nothing of one that is dead', async () => {
      const { handle, exited } = await vm.running(hypervisor);
      await vm.guestSays(subject.readyLine);
      const first = await hypervisor.counters(handle, within(5000));
      if (!first.ok) throw new Error(first.reason);
      expect(first.counters.residentBytes).toBeGreaterThan(100_000);
      await until('its guest has used more', async () => {
        const next = await hypervisor.counters(handle, within(5000));
        if (!next.ok) throw new Error(next.reason);
        expect(next.counters.uptimeSeconds).toBeGreaterThanOrEqual(first.counters.uptimeSeconds);
        return next.counters.uptimeSeconds > first.counters.uptimeSeconds;
      });
      process.kill(handle.identity.pid, 'SIGKILL');
      await exited;
      expect(await hypervisor.counters(handle, within(5000))).toMatchObject({ ok: false, code: 'unreachable' });
    });

    it('gives up when the caller does', async () => {
      const { handle } = await vm.running(hypervisor);
      expect(await hypervisor.observe(handle, AbortSignal.abort('draining'))).toMatchObject({
        ok: false,
        code: 'aborted',
      });
    });

    it('adopts: a new driver finds, watches and controls a process that it did not start', async () => {
      const { handle } = await vm.running(hypervisor);
      await vm.guestSays(subject.readyLine);
      await hypervisor.close();
      const [found] = await findByDirectory(vm.directory);
      expect(found).toEqual({
        identity: handle.identity,
        directory: vm.directory,
        epoch: 1,
        socketPath: handle.socketPath,
      });
      const successor = subject.create();
      const { events, report } = recorder();
      successor.watch(handle, report);
      expect(await stateOf(handle, successor)).toBe('running');
      expect(await successor.pause(handle, within(5000))).toMatchObject(OK);
      process.kill(handle.identity.pid, 'SIGKILL');
      await until('the end is reported', () => events.length > 0);
      expect(events).toMatchObject([{ kind: 'gone', guestStopped: false }]);
      await successor.close();
    });

    it('a guest that switched itself off while nobody watched is told from a crash', async () => {
      await vm.dispose();
      vm = await VmFixture.make(subject.guestThatStops);
      const { handle } = await vm.running(hypervisor);
      await hypervisor.close();
      await until(
        'the guest is off',
        async () => {
          const driver = subject.create();
          const seen = await driver.observe(handle, within(5000));
          await driver.close();
          if (!seen.ok || (seen.state !== 'shutdown' && seen.state !== 'absent')) return false;
          return seen.state === 'shutdown' || driver.guestHadStopped(handle);
        },
        30_000,
      );
    });

    it('does not wait for a process that ended before it answered', async () => {
      const { handle, launch, exited } = await vm.spawn(hypervisor);
      process.kill(handle.identity.pid, 'SIGKILL');
      await exited;
      const created = await hypervisor.create(handle, launch, within(10_000));
      expect(created).toMatchObject({
        ok: false,
        code: 'unreachable',
        reason: expect.stringContaining('ended before it answered'),
      });
      expect(JSON.stringify({ ...created, detail: '' })).not.toContain(vm.directory);
    });

    it('starts detached, in a session of its own, with private files and none of our environment', async () => {
      const { handle } = await vm.running(hypervisor);
      const stats = await readFile(`/proc/${handle.identity.pid}/stat`, 'utf8');
      const session = stats.slice(stats.lastIndexOf(')') + 2).split(' ')[3];
      expect(session).toBe(String(handle.identity.pid));
      const environment = await readFile(`/proc/${handle.identity.pid}/environ`, 'utf8');
      expect(
        environment
          .split('\0')
          .filter(Boolean)
          .map((entry) => entry.split('=')[0]),
      ).toEqual(subject.environment ?? ['PATH']);
      for (const path of [handle.socketPath, vm.launch().consolePath, `${vm.directory}/hypervisor.log`])
        expect((await stat(path)).mode & 0o077).toBe(0);
    });

    it('keeps the console of an earlier epoch', async () => {
      await writeFile(vm.launch().consolePath, 'an earlier epoch\n');
      await vm.running(hypervisor);
      await vm.guestSays(subject.readyLine);
      expect(await vm.console()).toMatch(/^an earlier epoch\n/);
    });

    it('refuses a socket path longer than a unix socket takes, before it starts anything', async () => {
      const directory = `${vm.directory}/${'d'.repeat(100)}`;
      const launch = { ...vm.launch(), directory, socketPath: `${directory}/e1.sock` };
      const refused = await hypervisor.spawn(launch);
      expect(refused).toMatchObject({ ok: false, code: 'refused', stage: 'spawn', detail: launch.socketPath });
      expect(JSON.stringify({ ...refused, detail: '' })).not.toContain(vm.directory);
    });

    it('says that a VM directory is not there', async () => {
      const directory = `${vm.directory}/gone`;
      const launch = {
        ...vm.launch(),
        directory,
        socketPath: `${directory}/e1.sock`,
        consolePath: `${directory}/console.log`,
      };
      expect(await hypervisor.spawn(launch)).toMatchObject({
        ok: false,
        code: 'failed',
        stage: 'prepare',
        reason: "the VM's files could not be made: its directory is not there",
        detail: expect.stringContaining(directory),
      });
    });

    it('ends a process that does not run, and leaves another that has its pid by now alone', async () => {
      const { handle } = await vm.running(hypervisor);
      await halt(handle.identity.pid);
      const other = { ...handle.identity, startTime: '1' };
      expect(await killProcess(other, { graceMs: 0 })).toEqual({ kind: 'dead', by: 'itself' });
      expect(await identify(handle.identity.pid)).not.toBeNull();
      // A stopped process cannot run its SIGTERM handler; others die of SIGTERM.
      expect(await killProcess(handle.identity, { graceMs: 50 })).toMatchObject({ kind: 'dead' });
      expect(await killProcess(handle.identity, { graceMs: 50 })).toEqual({ kind: 'dead', by: 'itself' });
    });
  });
}
