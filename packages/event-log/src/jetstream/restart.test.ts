import { STREAMS } from '@ironlog/schemas';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testVm, vmEvent } from '../fixtures/events.fixture.ts';
import { startServer, type TestServer } from '../fixtures/nats-server.fixture.ts';
import { until } from '../fixtures/until.fixture.ts';
import type { Observation } from '../observation.ts';
import type { EventLog } from '../port.ts';
import { createEventLog } from './event-log.ts';
import { streamConfigs } from './streams.ts';

let server: TestServer;
let connection: NatsConnection;
let log: EventLog;
let seen: Observation[];

beforeEach(async () => {
  server = await startServer();
  connection = await server.connect();
  seen = [];
  log = await createEventLog({ connection, requestTimeoutMs: 500, observe: (observation) => seen.push(observation) });
}, 30_000);

afterEach(async () => {
  await connection.close();
  await server.remove();
});

const appendOne = async (): Promise<void> => {
  const vm = testVm();
  const result = await log.append({ subject: vm.subject, filter: vm.filter, event: vmEvent(vm, 1), expected: 0 });
  if (result.kind !== 'committed') throw new Error(`not committed: ${result.kind}`);
};

const follow = (after: number): { tailed: number[]; stop: () => Promise<void>; done: Promise<void> } => {
  const stop = new AbortController();
  const tailed: number[] = [];
  const done = log.tail({
    after,
    onBatch: (batch) => void tailed.push(...batch.map(({ sequence }) => sequence)),
    signal: stop.signal,
  });
  const stopped = (): Promise<void> => {
    stop.abort();
    return done;
  };
  return { tailed, done, stop: stopped };
};

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('event log across a restart of nats-server', () => {
  it('tails without a gap or a repeat, and completes an append in flight', async () => {
    const { tailed, stop } = follow(0);
    for (let count = 0; count < 20; count++) await appendOne();
    for (let restart = 0; restart < 3; restart++) {
      await server.kill();
      const underWay = Promise.all(upTo(10).map(appendOne));
      await server.start();
      await underWay;
      for (let count = 0; count < 10; count++) await appendOne();
    }
    await until('all 80 are tailed', () => tailed.length >= 80);
    await stop();
    expect(tailed).toEqual(upTo(80));
  }, 60_000);

  it('replays to the end though the server restarts in the middle', async () => {
    await Promise.all(upTo(3_000).map(appendOne));
    const replayed: number[] = [];
    for await (const entry of log.replay({ after: 0, until: 3_000 })) {
      replayed.push(entry.sequence);
      if (entry.sequence === 500) {
        await server.kill();
        await server.start();
      }
    }
    expect(replayed).toEqual(upTo(3_000));
  }, 60_000);

  it('tails on, without a gap or a repeat, when its consumer is deleted', async () => {
    const { tailed, stop } = follow(0);
    for (let count = 0; count < 5; count++) await appendOne();
    await until('all 5 are tailed', () => tailed.length === 5);
    const manager = await jetstreamManager(connection);
    for await (const { name } of manager.consumers.list(STREAMS.events))
      await manager.consumers.delete(STREAMS.events, name);
    for (let count = 0; count < 5; count++) await appendOne();
    await until('all 10 are tailed', () => tailed.length >= 10);
    await stop();
    expect(tailed).toEqual(upTo(10));
  });

  it('leaves no consumer behind', async () => {
    const { tailed, stop } = follow(0);
    await appendOne();
    await until('it is tailed', () => tailed.length === 1);
    await stop();
    const manager = await jetstreamManager(connection);
    await until('no consumer is left', async () => (await manager.consumers.list(STREAMS.events).next()).length === 0);
  });

  it('stops the tail when the stream is recreated', async () => {
    const { tailed, done } = follow(0);
    const failed = expect(done).rejects.toMatchObject({ code: 'log-replaced' });
    for (let count = 0; count < 5; count++) await appendOne();
    await until('all 5 are tailed', () => tailed.length === 5);
    const manager = await jetstreamManager(connection);
    await manager.streams.delete(STREAMS.events);
    for (const config of streamConfigs({ replicas: 1 }))
      if (config.name === STREAMS.events) await manager.streams.add(config);
    await failed;
  }, 60_000);

  it("refuses to tail after a sequence beyond the log's end: a restored backup", async () => {
    await appendOne();
    await expect(follow(1_000).done).rejects.toMatchObject({ code: 'log-replaced' });
  });

  it('ends the tail with an error when the connection is closed for good', async () => {
    const { done } = follow(0);
    const failed = expect(done).rejects.toThrow();
    await appendOne();
    await connection.close();
    await failed;
  }, 5_000);

  it('returns unknown when the connection is closed for good', async () => {
    await connection.close();
    const vm = testVm();
    expect(
      (await log.append({ subject: vm.subject, filter: vm.filter, event: vmEvent(vm, 1), expected: 0 })).kind,
    ).toBe('unknown');
  });

  it('reports a deleted entry, and continues after it', async () => {
    const manager = await jetstreamManager(connection);
    await manager.streams.delete(STREAMS.events);
    const events = streamConfigs({ replicas: 1 }).find(({ name }) => name === STREAMS.events);
    if (!events) throw new Error('no configuration for EVENTS');
    await manager.streams.add({ ...events, deny_delete: false });
    for (let count = 0; count < 5; count++) await appendOne();
    await manager.streams.deleteMessage(STREAMS.events, 3);
    const { tailed, stop } = follow(0);
    await until('the other entries are tailed', () => tailed.length === 4);
    await stop();
    expect(tailed).toEqual([1, 2, 4, 5]);
    expect(seen).toContainEqual({ kind: 'hole', after: 2, next: 4 });
  });
});
