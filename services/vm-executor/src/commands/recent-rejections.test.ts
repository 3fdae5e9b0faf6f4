// The rejections by this host: known again after a restart, separate per tenant, and bounded.
import { commandRejected } from '@ironlog/domain';
import { createMemoryEventLog } from '@ironlog/event-log';
import {
  type CommandId,
  commandId,
  hostId,
  newVmId,
  rejectionSubject,
  type TenantId,
  tenantId,
  type Writer,
} from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { RecentRejections, rejectionsSince, type StartMark } from './recent-rejections.ts';

const HOST = hostId('host-1');
const [ACME, BETA] = [tenantId('acme'), tenantId('beta')];
const id = (text: string | number) => commandId(`cmd-${text}`);

const logOf = async (...rejected: [TenantId, CommandId, Writer][]) => {
  const log = createMemoryEventLog();
  const now = new Date().toISOString();
  for (const [tenant, command, writer] of rejected)
    await log.appendRejection(
      rejectionSubject(tenant, writer),
      commandRejected(
        {
          tenant,
          subject: newVmId(),
          id: command,
          actor: 'test',
          data: { request: { verb: 'boot', door: 'http', requestedAt: now, startBy: now } },
        },
        { code: 'vm-not-found', reason: 'there is no such VM' },
        { writer, time: now },
      ),
    );
  return log;
};
const loaded = async (log: Awaited<ReturnType<typeof logOf>>, after: number) => {
  const rejections = new RecentRejections();
  await rejections.load(log, HOST, after);
  return (tenant: TenantId, command: CommandId) => rejections.has(tenant, command);
};

test("this host's rejections are known after a restart, and only they are read", async () => {
  const log = await logOf(
    [ACME, id('one'), HOST],
    [BETA, id('two'), HOST],
    [ACME, id('three'), 'gateway'],
    [ACME, id('four'), hostId('host-2')],
  );
  const has = await loaded(log, 0);
  expect(['one', 'two', 'three', 'four'].map((name) => has(ACME, id(name)))).toEqual([true, false, false, false]);
  expect(has(BETA, id('two'))).toBe(true);
});

test('only rejections after the given sequence are read', async () => {
  const has = await loaded(await logOf([ACME, id('one'), HOST], [ACME, id('two'), HOST]), 1);
  expect([has(ACME, id('one')), has(ACME, id('two'))]).toEqual([false, true]);
});

test('commands of two tenants with the same id are kept apart', () => {
  const rejections = new RecentRejections();
  rejections.add(ACME, id('one'));
  expect(rejections.has(ACME, id('one'))).toBe(true);
  expect(rejections.has(BETA, id('one'))).toBe(false);
});

test('the oldest is dropped first, and only beyond 50,000', () => {
  const rejections = new RecentRejections();
  for (let n = 1; n <= 50_000; n += 1) rejections.add(ACME, id(n));
  rejections.add(ACME, id(50_000));
  expect(rejections.has(ACME, id(1))).toBe(true);
  rejections.add(ACME, id(50_001));
  expect([1, 2, 50_001].map((n) => rejections.has(ACME, id(n)))).toEqual([false, true, true]);
});

test('however often a host starts, its rejections of the last hour are read again, and older marks are dropped', () => {
  const minute = (n: number): string => new Date(n * 60_000).toISOString();
  let starts: StartMark[] = [];
  const start = (at: number) => {
    const since = rejectionsSince(starts, { at: minute(at), sequence: at * 10 });
    starts = since.starts;
    return since.after;
  };
  expect([0, 1, 7, 30].map(start)).toEqual([0, 0, 0, 0]);
  expect(starts.map(({ sequence }) => sequence)).toEqual([0, 70, 300]);
  expect([66, 67, 90, 127].map(start)).toEqual([0, 70, 300, 660]);
  expect(starts.map(({ sequence }) => sequence)).toEqual([660, 900, 1270]);
});

test('a host that starts once a second has few marks, and loses no rejection', () => {
  let starts: StartMark[] = [];
  for (let second = 0; second < 7200; second += 1) {
    const since = rejectionsSince(starts, { at: new Date(second * 1000).toISOString(), sequence: second });
    starts = since.starts;
    expect(second - since.after).toBeLessThan(3600 + 300 + 1);
    expect(since.after).toBeLessThanOrEqual(Math.max(0, second - 3600));
  }
  expect(starts.length).toBeLessThan(15);
});
