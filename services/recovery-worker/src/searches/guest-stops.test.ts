import { newCommandId, type VmEventName, type WorkCommand } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { Sender } from '../failures/command-publisher.ts';
import { createVm, requestOf, switchedOff } from '../fixtures/host-1.fixture.ts';
import { type Bench, bench, someVm } from '../fixtures/unit.fixture.ts';
import { VmLoader } from '../vms/vm-loader.ts';
import { restartStopped } from './guest-stops.ts';

const ALWAYS = { restart: { policy: 'always', maxAttempts: 2, backoffMs: 1000 } } as const;
const AFTER_BACKOFF_MS = 5_000;
const deadline = new Date(Date.now() + 60_000).toISOString();

/** A VM whose guest stopped by itself, and a read model that has it. */
const stopped = async (aheadMs = AFTER_BACKOFF_MS, spec: Parameters<typeof createVm>[2] = ALWAYS) => {
  const [test, ref] = [await bench(aheadMs), someVm()];
  await createVm(test.host, ref, spec, true);
  await test.host.append(ref, switchedOff(1));
  await test.model.catchUp();
  return { test, ref };
};
const only = ({ sent }: Bench): WorkCommand => {
  const [command] = sent;
  if (!command || sent.length > 1) throw new Error(`${sent.length} commands were sent`);
  return command;
};
/** Another worker process, with no memory. */
const restarted = (test: Bench) => {
  const queue = { publish: async (_: unknown, command: WorkCommand) => stored(test.sent.push(command)) };
  const { clock, signal, fail, log, reads } = test;
  return { ...test, vms: new VmLoader({ log, reads }), sender: new Sender({ queue, clock, signal, fail }) };
};
const causeOf = (name: VmEventName) => {
  const id = newCommandId();
  return name.endsWith('-started') ? { causationid: id, correlationid: id } : {};
};
const stored = (sequence: number) => ({ kind: 'stored', sequence, duplicate: false }) as const;

describe('a guest that stopped by itself, under always', () => {
  it('is booted by a command that is valid for this stop only', async () => {
    const { test, ref } = await stopped();
    await restartStopped(test);
    const { revision } = await test.host.vm(ref);
    expect(only(test)).toMatchObject({
      subject: ref.vmId,
      actor: 'recovery',
      data: { action: { verb: 'boot' }, expectedRevision: revision, request: { door: 'recovery' } },
    });
    await test.host.decide(only(test));
    expect(await test.host.vm(ref)).toMatchObject({ task: { verb: 'boot' }, restarts: [expect.any(String)] });
  });

  it('gets one command, however often it is checked, by this process or the next', async () => {
    const { test } = await stopped();
    for (let check = 0; check < 3; check += 1) await restartStopped(test);
    const { id } = only(test);
    await restartStopped(restarted(test));
    expect(test.sent.map((command) => command.id)).toEqual([id, id]);
  });

  it('is booted once, though the command is delivered twice', async () => {
    const { test, ref } = await stopped();
    await restartStopped(test);
    await test.host.decide(only(test));
    await test.host.append(ref, { name: 'booted', data: { epoch: 2 } });
    await test.host.decide(only(test));
    expect(await test.host.vm(ref)).toMatchObject({ state: 'running', epoch: 2, task: null });
  });

  it('waits for its backoff', async () => {
    const { test } = await stopped(0);
    await restartStopped(test);
    expect(test.sent).toEqual([]);
    test.clock.advance(1_500);
    await restartStopped(test);
    expect(test.sent).toHaveLength(1);
  });

  it('is left alone when the read model is late: a client has booted it, stopped it or begun to delete it since', async () => {
    const booting = { name: 'boot-started', data: { request: requestOf('boot'), deadline, epoch: 2 } } as const;
    const stopping = { request: requestOf('shutdown'), deadline, mode: 'graceful', timeoutSeconds: 30 } as const;
    const requested = { epoch: 2, cause: 'requested', forced: false } as const;
    const since = [
      [booting],
      [booting, { name: 'booted', data: { epoch: 2 } }],
      [
        booting,
        { name: 'booted', data: { epoch: 2 } },
        { name: 'shutdown-started', data: stopping },
        { name: 'stopped', data: requested },
      ],
      [{ name: 'delete-started', data: { request: requestOf('delete'), deadline, force: true } }],
    ] as const;
    for (const facts of since) {
      const { test, ref } = await stopped();
      for (const fact of facts) await test.host.append(ref, fact, causeOf(fact.name));
      await restartStopped(test);
      expect([facts.at(-1)?.name, test.sent]).toEqual([facts.at(-1)?.name, []]);
    }
  });

  it('stays deleted, though the command was sent before the delete and is delivered after it', async () => {
    const { test, ref } = await stopped();
    await restartStopped(test);
    const doomed = { request: requestOf('delete'), deadline, force: true };
    await test.host.append(ref, { name: 'delete-started', data: doomed }, causeOf('delete-started'));
    await test.host.append(ref, { name: 'deleted', data: { epoch: 1 } });
    await test.host.decide(only(test));
    expect((await test.host.vm(ref)).state).toBe('deleted');
    await test.model.catchUp();
    expect(test.reads.operation(ref.tenant, only(test).id)).toMatchObject({
      status: 'rejected',
      error: { code: 'revision-mismatch' },
    });
  });

  it('is retried a little later with another id when its host refused', async () => {
    const { test } = await stopped(500, { restart: { policy: 'always', backoffMs: 0 } });
    await restartStopped(test);
    await test.host.decide(only(test), { code: 'over-capacity', reason: 'full' });
    await test.model.catchUp();
    await restartStopped(test);
    expect(test.sent).toHaveLength(1);
    test.clock.advance(2_000);
    await restartStopped(test);
    expect(new Set(test.sent.map(({ id }) => id)).size).toBe(2);
  });

  it('is handed to an operator once, when its attempts are used up', async () => {
    const { test, ref } = await stopped();
    for (const epoch of [2, 3]) {
      await restartStopped(test);
      const command = test.sent.at(-1);
      if (!command) throw new Error('no boot was sent');
      await test.host.decide(command);
      await test.host.append(ref, { name: 'booted', data: { epoch } });
      await test.host.append(ref, switchedOff(epoch));
      await test.model.catchUp();
      test.clock.advance(60_000);
    }
    await Promise.all([restartStopped(test), restartStopped(restarted(test))]);
    // The read model is late: it shows the VM as not handed over yet.
    await restartStopped(test);
    await test.model.catchUp();
    await restartStopped(test);
    expect(test.sent).toHaveLength(2);
    expect(test.names().filter((name) => name === 'cleanup-abandoned')).toHaveLength(1);
    expect((await test.host.vm(ref)).attention).toMatchObject({
      kind: 'cleanup-abandoned',
      actionRequired: expect.stringContaining('boot it by hand'),
    });
  });
});

it('a guest that stopped by itself stays stopped under any other policy, and a requested stop stays under always', async () => {
  for (const policy of ['never', 'on-failure'] as const) {
    const { test } = await stopped(AFTER_BACKOFF_MS, { restart: { policy } });
    await restartStopped(test);
    expect(test.sent).toEqual([]);
  }
  const [test, ref] = [await bench(AFTER_BACKOFF_MS), someVm()];
  await createVm(test.host, ref, ALWAYS, true);
  const stopping = { request: requestOf('shutdown'), deadline, mode: 'graceful', timeoutSeconds: 30 } as const;
  await test.host.append(ref, { name: 'shutdown-started', data: stopping }, causeOf('shutdown-started'));
  await test.host.append(ref, { name: 'stopped', data: { epoch: 1, cause: 'requested', forced: false } });
  await test.model.catchUp();
  await restartStopped(test);
  expect(test.sent).toEqual([]);
});
