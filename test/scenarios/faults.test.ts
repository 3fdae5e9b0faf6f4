// Faults and their recovery: crashes, failed boots, hung hypervisors, killed services.
import { readFileSync } from 'node:fs';
import { type FoundProcess, findUnder } from '@ironlog/hypervisor';
import type { Problem, VmView } from '@ironlog/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../harness/invariants.ts';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

let test: TestPlane;
beforeAll(async () => {
  test = await startTestPlane();
}, 120_000);
afterAll(() => test.stop());

const hostDirectory = (): string => `${test.plane.stateDir}/host-1`;
const processOf = async (id: string): Promise<FoundProcess> => {
  const found = (await findUnder(hostDirectory())).filter(({ directory }) => directory.endsWith(`/${id}`));
  expect(found).toHaveLength(1);
  return found[0] as FoundProcess;
};
const inState = (id: string, wanted: (vm: VmView) => boolean): Promise<VmView> =>
  until(`${id} is as wanted`, async () => {
    const vm = await test.vm(id);
    return wanted(vm) ? vm : undefined;
  });
const start = (id: string, spec: object = {}) =>
  test.http('POST', '/v1/vms', { wait: 30, body: { id, start: true, spec } });

describe('a hypervisor process that is killed', () => {
  it('is recorded as a crash with its signal, and its VM stays failed without a policy', async () => {
    await start('crash-1');
    process.kill((await processOf('crash-1')).identity.pid, 'SIGKILL');
    const vm = await inState('crash-1', ({ state }) => state === 'failed');
    expect(vm).toMatchObject({
      failure: { event: 'crashed', residue: [] },
      lastStop: { cause: 'crash', signal: 'SIGKILL' },
    });
  });
  it('is started again where the policy requires it, in a new epoch', async () => {
    await start('crash-2', { restart: { policy: 'on-failure', backoffMs: 0 } });
    const first = await processOf('crash-2');
    process.kill(first.identity.pid, 'SIGKILL');
    const vm = await inState('crash-2', ({ state, epoch }) => state === 'running' && epoch === 2);
    expect(vm.failure).toBeNull();
    expect((await processOf('crash-2')).identity.pid).not.toBe(first.identity.pid);
  });
});

describe('a guest that powers itself off', () => {
  const spec = (policy: string, more: object = {}) => ({
    kernelArgs: 'sim.guest-poweroff-after-ms=500',
    restart: { policy, backoffMs: 0, ...more },
  });
  it('has stopped, and stays stopped where the policy is for failures only', async () => {
    await start('off-1', spec('on-failure'));
    await inState('off-1', ({ state }) => state === 'stopped');
    await start('off-2', spec('always', { maxAttempts: 2 }));
    await inState('off-2', ({ attention }) => attention !== null);
    expect(await test.vm('off-1')).toMatchObject({ state: 'stopped', epoch: 1, lastStop: { cause: 'guest' } });
  });
  it('runs again under the policy always, in about a second, until its attempts are used up', async () => {
    const { body } = await test.http<{ items: { type: string; time: string }[] }>('GET', '/v1/vms/off-2/events');
    const life = body.items.map(({ type, time }) => ({ name: type.replace(/^ironlog\.vm\.|\.v1$/g, ''), time }));
    const run = ['boot-started', 'booted', 'stopped'];
    expect(life.map(({ name }) => name)).toEqual(['claimed', 'created', ...run, ...run, ...run, 'cleanup-abandoned']);
    const [down, up] = [life[4], life[6]].map((event) => Date.parse(event?.time ?? ''));
    expect((up ?? 0) - (down ?? 0)).toBeLessThan(3_000);
    expect(await test.vm('off-2')).toMatchObject({
      state: 'stopped',
      epoch: 3,
      attention: { kind: 'cleanup-abandoned', actionRequired: expect.stringContaining('boot it by hand') },
    });
  });
  it('stays stopped after a requested stop or a delete', async () => {
    for (const id of ['off-3', 'off-4']) await start(id, { restart: { policy: 'always', backoffMs: 0 } });
    expect(await test.command('POST', '/v1/vms/off-3/shutdown')).toMatchObject({ status: 'succeeded' });
    expect(await test.command('DELETE', '/v1/vms/off-4?force=true')).toMatchObject({ status: 'succeeded' });
    // Long enough for several searches by recovery.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await test.vm('off-3')).toMatchObject({ state: 'stopped', epoch: 1, lastStop: { cause: 'requested' } });
    expect((await test.vm('off-4')).state).toBe('deleted');
  });
});

describe('a boot that fails', () => {
  it('ends as failed with its reason, leaves no process, and is cleaned', async () => {
    const { status, body } = await test.http<Problem>('POST', '/v1/vms', {
      wait: 30,
      body: { id: 'fail-1', start: true, spec: { kernelArgs: 'sim.fail=vm.boot' } },
    });
    expect([status, body.code]).toEqual([502, 'operation-failed']);
    const vm = await inState('fail-1', ({ state, task }) => state === 'failed' && task === null);
    expect(vm.failure).toMatchObject({ event: 'boot-failed', residue: [] });
    expect((await findUnder(hostDirectory())).filter(({ directory }) => directory.endsWith('/fail-1'))).toEqual([]);
  });
});

describe('a hypervisor that dies during its boot call', () => {
  it("is reported to its tenant in general terms, and its details are in the host's log", async () => {
    const { status, body } = await test.http<Problem>('POST', '/v1/vms', {
      wait: 30,
      body: { id: 'exit-1', start: true, spec: { kernelArgs: 'sim.exit=vm.boot' } },
    });
    const reason = 'vm.boot: the hypervisor process ended during the call (exit code 1)';
    expect([status, body.detail]).toEqual([502, reason]);
    expect((await inState('exit-1', ({ state }) => state === 'failed')).failure).toMatchObject({ reason });
    await until('the log has the socket', () =>
      /"detail":"[^"]*exit-1\/e1\.sock: /.test(readFileSync(test.plane.supervisor.logOf('vm-executor'), 'utf8')),
    );
  });
});

describe('a boot that hangs', () => {
  it('is aborted by a delete with force, and nothing of the VM is left', async () => {
    const { status } = await test.http('POST', '/v1/vms', {
      body: { id: 'hang-1', start: true, spec: { kernelArgs: 'sim.hang=vm.boot' } },
    });
    expect(status).toBe(202);
    await inState('hang-1', ({ task }) => task?.verb === 'boot');
    expect(await test.command('DELETE', '/v1/vms/hang-1?force=true')).toMatchObject({ status: 'succeeded' });
    expect((await findUnder(hostDirectory())).filter(({ directory }) => directory.endsWith('/hang-1'))).toEqual([]);
  });
});

describe('a service that is killed', () => {
  it.each(['vm-executor', 'state-projector', 'recovery-worker', 'api-gateway'])(
    '%s is restarted, and a running VM is not affected',
    async (name) => {
      const id = `live-${name}`;
      await start(id);
      const before = await processOf(id);
      process.kill(test.plane.supervisor.pidOf(name) ?? 0, 'SIGKILL');
      await until(
        `${name} is gone`,
        async () =>
          await fetch(test.plane.services.find((one) => one.name === name)?.readyUrl ?? '').then(
            () => false,
            () => true,
          ),
      );
      await test.plane.ready();
      expect((await processOf(id)).identity).toEqual(before.identity);
      expect(await test.command('POST', `/v1/vms/${id}/pause`)).toMatchObject({ status: 'succeeded' });
      expect(await test.command('DELETE', `/v1/vms/${id}?force=true`)).toMatchObject({ status: 'succeeded' });
    },
  );
});

it('leaves a legal log, and a machine that agrees with it', async () => {
  await until('no VM has a task', async () => {
    const { body } = await test.http<{ items: VmView[] }>('GET', '/v1/vms?includeDeleted=true&limit=100');
    return body.items.every(({ task }) => task === null) ? true : undefined;
  });
  const { problems } = await check({ entries: await test.events(), accepted: [], hostDirectories: [hostDirectory()] });
  expect(problems).toEqual([]);
});

it('leaves a log without host paths', async () => {
  const leaks = (await test.events()).filter(({ bytes }) => Buffer.from(bytes).includes(test.plane.stateDir));
  expect(leaks.map(({ subject }) => subject)).toEqual([]);
});
