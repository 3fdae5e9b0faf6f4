import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testVm, vmEvent } from '../fixtures/events.fixture.ts';
import { startCluster, type TestServer } from '../fixtures/nats-server.fixture.ts';
import type { Observation } from '../observation.ts';
import type { EventLog } from '../port.ts';
import { createEventLog } from './event-log.ts';

const LANES = 12;
const ROUNDS_PER_LANE = 90;

let servers: readonly TestServer[] = [];
let connections: readonly NatsConnection[] = [];
let logs: readonly EventLog[] = [];
const seen: Observation[] = [];

beforeAll(async () => {
  servers = await startCluster();
  connections = await Promise.all(servers.map((server) => server.connect()));
  logs = await Promise.all(
    connections.map((connection) => createEventLog({ connection, observe: (observation) => seen.push(observation) })),
  );
}, 60_000);

afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await Promise.all(servers.map((server) => server.remove()));
});

/** Three writers, one per node, race for every revision of one VM. */
const raceLane = async (): Promise<{ committed: number; conflicts: number; stored: number }> => {
  const vm = testVm();
  const writers = logs.map((log) => ({ log, subject: vm.subject, filter: vm.filter }));
  let expected = 0;
  let [committed, conflicts] = [0, 0];
  for (let round = 1; round <= ROUNDS_PER_LANE; round++) {
    const results = await Promise.all(
      writers.map(({ log, ...under }) => log.append({ ...under, event: vmEvent(vm, round), expected })),
    );
    const winners = results.flatMap((result) => (result.kind === 'committed' ? [result.sequence] : []));
    for (const result of results) {
      if (result.kind === 'conflict') expect(result.entries.map(({ sequence }) => sequence)).toEqual(winners);
    }
    committed += winners.length;
    conflicts += results.filter(({ kind }) => kind === 'conflict').length;
    expect(winners).toHaveLength(1);
    expected = winners[0] ?? expected;
  }
  const entries = await logs[0]?.readSince(vm.filter, 0);
  return { committed, conflicts, stored: entries?.length ?? 0 };
};

describe('event log on a cluster of three', () => {
  it('commits exactly one of three racing writers in each of 1080 rounds', async () => {
    const lanes = await Promise.all(Array.from({ length: LANES }, raceLane));
    for (const lane of lanes)
      expect(lane).toEqual({ committed: ROUNDS_PER_LANE, conflicts: 2 * ROUNDS_PER_LANE, stored: ROUNDS_PER_LANE });
  }, 180_000);

  it("continues when the stream's leader is killed, and still commits once each", async () => {
    const vm = testVm();
    const manager = await logs[0]?.info();
    expect(manager?.lastSequence).toBeGreaterThan(0);
    let expected = 0;
    const appendNext = async (revision: number): Promise<void> => {
      const log = logs[revision % logs.length];
      const result = await log?.append({
        subject: vm.subject,
        filter: vm.filter,
        event: vmEvent(vm, revision),
        expected,
      });
      if (result?.kind !== 'committed') throw new Error(`revision ${revision}: ${JSON.stringify(result)}`);
      expected = result.sequence;
    };
    for (let revision = 1; revision <= 20; revision++) await appendNext(revision);
    for (const server of servers) {
      await server.kill();
      const restarted = server.start();
      for (let more = 0; more < 6; more++) await appendNext(21 + more);
      await restarted;
    }
    expect(await logs[0]?.readSince(vm.filter, 0)).toHaveLength(38);
  }, 120_000);
});
