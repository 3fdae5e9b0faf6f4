// A task's end is recorded whatever its effect throws: it is retried until its deadline, and then failed.
import { EventLogError, LogUnavailableError } from '@ironlog/event-log';
import { newVmId, type VmFact } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { HOST, intent, testHost } from '../host.fixture.ts';

const host = testHost();

/** An interrupted boot whose process is gone: its resumption must start another. */
const cutOffBoot = async (withinMs: number) => {
  const { id, pid } = await host.made(false);
  await host.kill(pid);
  const deadline = new Date(Date.now() + withinMs).toISOString();
  const booting: VmFact = { name: 'boot-started', data: { ...intent, deadline, epoch: 1 } };
  await host.append(id, HOST, booting);
  return id;
};
/** Makes the log unavailable to the effect, this many times; returns how often it still is. */
const awayFor = (times: number): (() => number) => {
  let met = 0;
  const unreachable = (): Promise<never> => {
    met += 1;
    return Promise.reject(new LogUnavailableError('no responders', undefined));
  };
  host.driver = (simulator) => ({
    ...simulator,
    spawn: (launch) => (met < times ? unreachable() : simulator.spawn(launch)),
    pause: (handle, deadline) => (met < times ? unreachable() : simulator.pause(handle, deadline)),
  });
  return () => met;
};

test('an effect that throws is retried', async () => {
  const id = await cutOffBoot(60_000);
  const met = awayFor(3);
  await host.start();
  await host.until(id, 'booted');
  expect(met()).toBe(3);
  expect(await host.running()).toHaveLength(1);
});

test('one that throws until its deadline has failed, with the cause in the reason', async () => {
  const id = await cutOffBoot(1500);
  awayFor(Number.POSITIVE_INFINITY);
  await host.start();
  await host.until(id, 'boot-failed');
  expect(await host.last(id)).toMatchObject({
    data: {
      stage: 'boot',
      code: 'timeout',
      reason: expect.stringContaining('did not reach the event log'),
      retryable: true,
    },
  });
});

test('a pause that throws until its deadline leaves the VM and its process as they were', async () => {
  const { id, pid } = await host.made(true);
  const deadline = new Date(Date.now() + 1500).toISOString();
  await host.append(id, HOST, { name: 'pause-started', data: { ...intent, deadline } });
  awayFor(Number.POSITIVE_INFINITY);
  await host.start();
  await host.until(id, 'pause-failed');
  expect(await host.last(id)).toMatchObject({ data: { stage: 'pause', code: 'timeout', residue: [] } });
  expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
});

test('an outcome that the log refuses is appended once the log accepts it', async () => {
  const id = await cutOffBoot(60_000);
  let left = 3;
  host.appending = (event) => {
    if ('name' in event && event.name === 'booted' && left-- > 0)
      throw new EventLogError('append-refused', 'no permission to publish');
  };
  await host.start();
  await host.until(id, 'booted');
  expect(await host.names(id)).toHaveLength(4);
});

test('so does the death of a process', async () => {
  const { id, pid } = await host.made(true);
  let left = 3;
  host.appending = (event) => {
    if ('name' in event && event.name === 'crashed' && left-- > 0)
      throw new EventLogError('append-refused', 'no permission to publish');
  };
  await host.start();
  await host.kill(pid);
  await host.until(id, 'crashed');
  expect(await host.last(id)).toMatchObject({ data: { detectedBy: 'socket-hangup' } });
});

test.each([
  ['shutdown', 'sim.ignore-power-button', { timeoutSeconds: 3600 }],
  ['boot', 'sim.hang=vm.boot', {}],
] as const)(
  'an executor that is stopped during a %s ends no process: the next one continues it',
  async (verb, kernelArgs, params) => {
    const id = newVmId();
    await host.start();
    await host.send(id, 'create', { params: { start: verb === 'shutdown', spec: { kernelArgs } } });
    await host.until(id, verb === 'shutdown' ? 'booted' : 'created');
    const before = await host.running();
    await host.send(id, verb, { params });
    await host.until(id, `${verb}-started`);
    await host.stop();
    expect(await host.running()).toEqual(before);
    await host.start();
    expect((await host.last(id))?.name).toBe(`${verb}-started`);
    expect(await host.running()).toEqual(before);
  },
);
