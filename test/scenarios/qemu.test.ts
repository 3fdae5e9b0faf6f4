// The whole plane with real guests: QEMU boots a Linux kernel to a line on its console. Skipped where there is no QEMU; the
// global setup has then said why, and in CI has failed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FoundProcess, findUnder } from '@ironlog/hypervisor';
import type { Operation, VmView } from '@ironlog/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../harness/invariants.ts';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

const READY = /^ironlog-guest: ready$/gm;
const qemu = process.env.IRONLOG_QEMU;

describe.skipIf(qemu === undefined)('a real guest', () => {
  let test: TestPlane;
  beforeAll(async () => {
    test = await startTestPlane({ hypervisors: ['qemu'] });
  }, 120_000);
  afterAll(() => test.stop());

  const start = (id: string, spec: object = {}) =>
    test.http<VmView>('POST', '/v1/vms', { wait: 40, body: { id, start: true, spec: { memoryMiB: 128, ...spec } } });
  /** The guest has printed its ready line `times` times. */
  const ready = (id: string, times = 1) =>
    until(
      `${id} has printed its ready line`,
      async () => {
        const response = await fetch(`${test.plane.http}/v1/vms/${id}/console?tail=40000`, {
          headers: { authorization: `Bearer ${test.plane.token}`, accept: 'text/plain' },
        });
        return ((await response.text()).match(READY)?.length ?? 0) >= times ? true : undefined;
      },
      55_000,
    );
  const inState = (id: string, wanted: (vm: VmView) => boolean, withinMs = 20_000) =>
    until(
      `${id} is as wanted`,
      async () => {
        const vm = await test.vm(id);
        return wanted(vm) ? vm : undefined;
      },
      withinMs,
    );
  const processOf = async (id: string): Promise<FoundProcess> => {
    const found = (await findUnder(`${test.plane.stateDir}/host-1`)).filter(({ directory }) =>
      directory.endsWith(`/${id}`),
    );
    expect(found).toHaveLength(1);
    return found[0] as FoundProcess;
  };

  it('boots a kernel to its console, survives a kill of its executor, and powers off on request', async () => {
    expect((await start('guest-1')).status).toBe(200);
    await ready('guest-1');
    const { identity } = await processOf('guest-1');
    const { supervisor } = test.plane;
    const executor = supervisor.pidOf('vm-executor');
    process.kill(executor ?? 0, 'SIGKILL');
    await until('the executor is a new process', () =>
      supervisor.pidOf('vm-executor') === executor ? undefined : true,
    );
    expect(await test.command('POST', '/v1/vms/guest-1/shutdown', { timeoutSeconds: 30 })).toMatchObject({
      status: 'succeeded',
    });
    expect(await test.vm('guest-1')).toMatchObject({
      state: 'stopped',
      epoch: 1,
      lastStop: { cause: 'requested', forced: false },
    });
    expect(await findUnder(`${test.plane.stateDir}/host-1`)).not.toContainEqual(expect.objectContaining({ identity }));
  });

  it('whose QEMU is killed has crashed, and boots again under its policy', async () => {
    await start('guest-2', { restart: { policy: 'on-failure', backoffMs: 0 } });
    await ready('guest-2');
    process.kill((await processOf('guest-2')).identity.pid, 'SIGKILL');
    const vm = await inState('guest-2', ({ state, epoch }) => state === 'running' && epoch === 2);
    expect(vm.lastStop).toMatchObject({ cause: 'crash', signal: 'SIGKILL' });
    await ready('guest-2', 2);
  });

  it('that powers itself off has stopped, with cause guest', async () => {
    await start('guest-3', { kernelArgs: 'ironlog.poweroff=0' });
    const vm = await inState('guest-3', ({ state }) => state === 'stopped');
    expect(vm.lastStop).toMatchObject({ cause: 'guest', forced: false });
  });

  it('that reboots itself keeps its process, and that is recorded', async () => {
    await start('guest-4', { kernelArgs: 'ironlog.reboot=0' });
    const { identity } = await processOf('guest-4');
    const restarted = await until('the restart is on record', async () =>
      (await test.events())
        .flatMap(({ read }) => (read.ok && read.stored.kind === 'vm' ? [read.stored.event] : []))
        .find(({ subject, name }) => subject === 'guest-4' && name === 'rebooted'),
    );
    expect(restarted).toMatchObject({ actor: 'host-1', data: { cause: 'guest', epoch: 1 } });
    expect((await processOf('guest-4')).identity).toEqual(identity);
    // It restarts after each boot: a loop, which needs attention until the VM is deleted.
    const { attention } = await inState('guest-4', (vm) => vm.attention !== null, 55_000);
    expect(attention).toMatchObject({ kind: 'reboot-loop', actionRequired: expect.stringContaining('console') });
    expect(await test.command('DELETE', '/v1/vms/guest-4?force=true')).toMatchObject({ status: 'succeeded' });
    expect((await test.vm('guest-4')).attention).toBeNull();
  });

  it('whose kernel panics says so: on record without its console, and its restart policy restarts it', async () => {
    await start('guest-5', { kernelArgs: 'panic=0 ironlog.panic=0' });
    const { attention, state } = await inState('guest-5', (vm) => vm.attention !== null, 55_000);
    expect([state, attention?.kind]).toEqual(['running', 'guest-panicked']);
    expect(await test.command('DELETE', '/v1/vms/guest-5?force=true')).toMatchObject({ status: 'succeeded' });
    const restart = { policy: 'on-failure', maxAttempts: 1, backoffMs: 0 };
    await start('guest-6', { kernelArgs: 'panic=0 ironlog.panic=0', restart });
    await inState('guest-6', ({ epoch, state: now }) => epoch === 2 && now === 'running', 55_000);
    const events = (await test.events()).flatMap(({ read, bytes }) =>
      read.ok && read.stored.kind === 'vm' && read.stored.event.name === 'guest-panicked'
        ? [new TextDecoder().decode(bytes)]
        : [],
    );
    expect(events.length).toBeGreaterThanOrEqual(2);
    expect(events.join('\n')).not.toContain('Kernel panic');
    const log = readFileSync(join(test.plane.stateDir, 'logs', 'vm-executor.log'), 'utf8');
    expect(log).toContain('Kernel panic - not syncing: sysrq triggered crash');
    expect(await test.command('DELETE', '/v1/vms/guest-6?force=true')).toMatchObject({ status: 'succeeded' });
  }, 120_000);

  it('is ready when its kernel has booted to what its spec names, and not before', async () => {
    const answer = await test.http<Operation>('POST', '/v1/vms', {
      wait: 55,
      body: {
        id: 'guest-7',
        start: true,
        until: 'ready',
        spec: { memoryMiB: 128, ready: { console: 'ironlog-guest: ready', timeoutSeconds: 55 } },
      },
    });
    expect(answer).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    await ready('guest-7');
    expect((await test.vm('guest-7')).readyAt).toBe(answer.body.finishedAt);
  }, 120_000);

  it('leaves a log that is legal, and a machine that agrees with it', async () => {
    const entries = await test.events();
    const { problems } = await check({ entries, accepted: [], hostDirectories: [`${test.plane.stateDir}/host-1`] });
    expect(problems).toEqual([]);
  });
});
