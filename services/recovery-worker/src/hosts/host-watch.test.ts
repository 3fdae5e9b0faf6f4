import { hostEventSubject, hostFilter, newCommandId } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { crashed, createVm, eventOfHost, HOST, requestOf } from '../fixtures/host-1.fixture.ts';
import { bench, someVm } from '../fixtures/unit.fixture.ts';
import type { Heartbeat } from './heartbeats.ts';
import { HostLog } from './host-log.ts';
import { HostWatch } from './host-watch.ts';

const scene = async (lostAfterMs = 0) => {
  const test = await bench();
  let beat: Heartbeat | undefined;
  let unreadable = false;
  const ref = someVm();
  const watch = new HostWatch();
  const deps = {
    ...test,
    hostLog: new HostLog(test),
    silentAfterMs: 20_000,
    lostAfterMs,
    knownWriters: { hosts: async () => [HOST], vmsOf: async () => [ref] },
    heartbeats: {
      last: async () => {
        if (unreadable) throw new Error('the bucket cannot be read');
        return beat;
      },
    },
  };
  return {
    test,
    ref,
    beats: (revision: number | undefined) => {
      beat = revision === undefined ? undefined : { revision, at: test.clock.now().toISOString() };
    },
    stops: async () => {
      const event = eventOfHost({ name: 'executor-stopped', data: { incarnation: 'one' } });
      const subject = hostEventSubject(HOST, HOST, event.name);
      await test.log.append({ subject, event, filter: hostFilter(HOST), expected: 0 });
    },
    makeUnreadable: (value: boolean) => {
      unreadable = value;
    },
    checkAfter: (seconds: number) => {
      test.clock.advance(seconds * 1000);
      return watch.check(deps);
    },
  };
};

describe('the watch over hosts', () => {
  it('reports a silent host once, and its return once', async () => {
    const { test, beats, checkAfter } = await scene();
    beats(1);
    for (const seconds of [0, 10, 9]) await checkAfter(seconds);
    expect(test.names()).toEqual([]);
    for (const seconds of [1, 1, 60]) await checkAfter(seconds);
    expect(test.names()).toEqual(['host-unreachable']);
    beats(undefined);
    await checkAfter(1);
    beats(2);
    for (const seconds of [1, 1]) await checkAfter(seconds);
    expect(test.names()).toEqual(['host-unreachable', 'host-reachable']);
  });

  it('does not take its own read failures for silent hosts', async () => {
    const { test, beats, makeUnreadable, checkAfter } = await scene();
    beats(1);
    await checkAfter(0);
    makeUnreadable(true);
    await expect(checkAfter(60)).rejects.toThrow('cannot be read');
    makeUnreadable(false);
    await checkAfter(0);
    await checkAfter(19);
    expect(test.names()).toEqual([]);
  });

  it("does not take its own restart for a host's return", async () => {
    const { test, makeUnreadable, checkAfter } = await scene();
    for (const seconds of [0, 20]) await checkAfter(seconds);
    makeUnreadable(true);
    await expect(checkAfter(1)).rejects.toThrow('cannot be read');
    makeUnreadable(false);
    for (const seconds of [0, 1, 60]) await checkAfter(seconds);
    expect(test.names()).toEqual(['host-unreachable']);
  });

  it('reports no host that stopped in order and has no VMs', async () => {
    const { test, ref, checkAfter, stops } = await scene();
    await createVm(test.host, ref, {}, true);
    const deleting = { request: requestOf('delete'), deadline: new Date().toISOString(), force: true };
    const cause = { causationid: newCommandId() };
    await test.host.append(ref, { name: 'delete-started', data: deleting }, cause);
    await test.host.append(ref, { name: 'deleted', data: { epoch: 1 } }, cause);
    await stops();
    for (const seconds of [0, 60, 60]) await checkAfter(seconds);
    expect(test.names().at(-1)).toBe('executor-stopped');
  });

  it('reports a host that stopped in order, has VMs and stays away, with their number', async () => {
    const { test, ref, beats, checkAfter, stops } = await scene();
    await createVm(test.host, ref, {}, true);
    await stops();
    beats(1);
    for (const seconds of [0, 19]) await checkAfter(seconds);
    expect(test.names().at(-1)).toBe('executor-stopped');
    for (const seconds of [1, 60]) await checkAfter(seconds);
    expect(test.names().slice(-2)).toEqual(['executor-stopped', 'host-unreachable']);
    expect(test.stream.entries.at(-1)?.read).toMatchObject({
      stored: {
        event: { data: { reason: expect.stringMatching(/stopped in order .* it has 1 VM without an executor$/) } },
      },
    });
    beats(2);
    await checkAfter(1);
    expect(test.names().at(-1)).toBe('host-reachable');
  });

  it('declares VMs lost only when an operator has configured it', async () => {
    for (const lostAfterMs of [0, 60_000]) {
      const { test, ref, checkAfter } = await scene(lostAfterMs);
      await createVm(test.host, ref, {}, true);
      for (const seconds of [0, 59, 1, 60]) await checkAfter(seconds);
      const lost = test.names().filter((name) => name === 'lost');
      expect([lost.length, (await test.host.vm(ref)).state]).toEqual(lostAfterMs === 0 ? [0, 'running'] : [1, 'lost']);
    }
  });

  it('does not declare a VM without a process lost: its returning host would take a requested stop for a crash', async () => {
    const deadline = new Date(Date.now() + 60_000).toISOString();
    const shutdown = { request: requestOf('shutdown'), deadline, mode: 'graceful', timeoutSeconds: 30 } as const;
    const requested = { epoch: 1, cause: 'requested', forced: false } as const;
    const begun = () => {
      const id = newCommandId();
      return { causationid: id, correlationid: id };
    };
    const { test, ref, checkAfter } = await scene(60_000);
    await createVm(test.host, ref, { restart: { policy: 'always' } }, true);
    await test.host.append(ref, { name: 'shutdown-started', data: shutdown }, begun());
    await test.host.append(ref, { name: 'stopped', data: requested });
    for (const seconds of [0, 60, 60]) await checkAfter(seconds);
    expect((await test.host.vm(ref)).state).toBe('stopped');

    const booting = await scene(60_000);
    await createVm(booting.test.host, booting.ref, {}, true);
    await booting.test.host.append(booting.ref, crashed(1));
    const boot = { request: requestOf('boot'), deadline, epoch: 2 };
    await booting.test.host.append(booting.ref, { name: 'boot-started', data: boot }, begun());
    for (const seconds of [0, 60, 60]) await booting.checkAfter(seconds);
    expect(await booting.test.host.vm(booting.ref)).toMatchObject({ state: 'lost', task: null });
  });
});
