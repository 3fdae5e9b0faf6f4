import { hash } from 'node:crypto';
import type { Recorded } from '@ironlog/event-log';
import { newCommandId, newVmId, tenantId, type WorkCommand, workSubject } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { recoveryCommand } from '../failures/recovery-command.ts';
import { createVm, HOST, TENANT } from '../fixtures/host-1.fixture.ts';
import { newTraceparent } from '../fixtures/trace.fixture.ts';
import { type Bench, bench, someVm } from '../fixtures/unit.fixture.ts';
import type { VmRef } from '../vms/vm-loader.ts';
import { LateCommands } from './late-commands.ts';

const AN_HOUR_MS = 3_600_000;

const inWork = (command: WorkCommand, sequence: number): Recorded => {
  const bytes = new TextEncoder().encode(JSON.stringify(command));
  const subject = workSubject(HOST, command.tenant, command.subject, command.data.action.verb);
  const read = { ok: false, reason: 'a command' } as const;
  return { sequence, subject, bytes, hash: hash('sha256', bytes), storedAt: new Date(), messageId: undefined, read };
};

const bootCommand = (ref: VmRef): WorkCommand =>
  recoveryCommand({
    ref,
    id: newCommandId(),
    action: { verb: 'boot', params: {} },
    now: new Date(),
    traceparent: newTraceparent(),
  });
const askedBy = (actor: string, command: WorkCommand): WorkCommand => ({ ...command, actor });

/** Boots of `count` VMs that the log has decided and the read model does not have yet. */
const decidedUnseen = async (test: Bench, count: number): Promise<WorkCommand[]> => {
  const commands: WorkCommand[] = [];
  for (let n = 0; n < count; n++) {
    const ref = someVm();
    await createVm(test.host, ref, {}, false);
    await test.model.catchUp();
    commands.push(bootCommand(ref));
  }
  for (const command of commands) await test.host.decide(command);
  return commands;
};

const waiting = async (aheadMs: number) => {
  const [test, ref] = [await bench(aheadMs), someVm()];
  await createVm(test.host, ref, {}, false);
  const command = askedBy('token-1', bootCommand(ref));
  test.model.addWork([inWork(command, 1)]);
  await test.model.catchUp();
  return { test, ref, command, late: new LateCommands() };
};

describe('the search for late commands', () => {
  it('expires a command that no host decided by its startBy, once, in its own chain', async () => {
    const { test, ref, command, late } = await waiting(AN_HOUR_MS);
    for (let scan = 0; scan < 4; scan++) await late.expire(test);
    expect(test.names().filter((name) => name === 'command-expired')).toHaveLength(1);
    await test.model.catchUp();
    const operation = test.reads.operation(ref.tenant, command.id);
    // Recovery appended the expiry; the actor stays the requester.
    expect(operation).toMatchObject({ status: 'expired', verb: 'boot', actor: 'token-1' });
    // A later delivery finds it decided (P2).
    expect(await test.host.decide(command)).toBeUndefined();
    expect(test.names().at(-1)).toBe('command-expired');
  });

  it('leaves a command that may still be started', async () => {
    const { test, late } = await waiting(0);
    for (let scan = 0; scan < 3; scan++) await late.expire(test);
    expect(test.names()).not.toContain('command-expired');
  });

  it('trusts the log when the read model is late: the command was started', async () => {
    const { test, command, late } = await waiting(AN_HOUR_MS);
    await late.expire(test);
    await test.host.decide(command);
    await late.expire(test);
    expect(test.names()).not.toContain('command-expired');
  });

  it('continues past commands that it cannot decide, of any tenant', async () => {
    const test = await bench(AN_HOUR_MS);
    const stuck = await decidedUnseen(test, 5);
    const late = [bootCommand(someVm()), bootCommand({ tenant: tenantId('zeta'), vmId: newVmId() })];
    test.model.addWork([...stuck, ...late].map((command, n) => inWork(command, n + 1)));
    const search = new LateCommands({ perRound: 4 });
    // The first run only records the log's end; each later one checks two commands of each tenant.
    const deps = { ...test, reads: { ...test.reads, position: () => Number.MAX_SAFE_INTEGER } };
    const expired: number[] = [];
    for (let round = 0; round < 4; round++) {
      await search.expire(deps);
      expired.push(test.names().filter((name) => name === 'command-expired').length);
    }
    expect(expired).toEqual([0, 1, 1, 2]);
  });

  it('continues past a failing append', async () => {
    const test = await bench(AN_HOUR_MS);
    const late = [bootCommand(someVm()), bootCommand(someVm())];
    test.model.addWork(late.map((command, n) => inWork(command, n + 1)));
    const [first] = test.reads.overdueCommands(TENANT, { now: test.clock.now().toISOString(), limit: 1 });
    const log = {
      info: test.log.info,
      append: (request: Parameters<typeof test.log.append>[0]) => {
        if (request.event.causationid === first?.id) throw new Error('append refused');
        return test.log.append(request);
      },
    };
    const search = new LateCommands();
    await search.expire({ ...test, log });
    await expect(search.expire({ ...test, log })).rejects.toThrow('append refused');
    await search.expire({ ...test, log });
    expect(test.names()).toEqual(['command-expired']);
  });

  it('waits for a read model that may lack a rejection', async () => {
    const { test, command, late } = await waiting(AN_HOUR_MS);
    await test.host.decide(command, { code: 'over-capacity', reason: 'full' });
    for (let scan = 0; scan < 3; scan++) await late.expire(test);
    await test.model.catchUp();
    for (let scan = 0; scan < 3; scan++) await late.expire(test);
    expect(test.names()).not.toContain('command-expired');
  });
});
