import { hostId, tenantId, type WorkCommand, workCommandSchema } from '@ironlog/schemas';
import { jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testVm, workCommand } from '../fixtures/events.fixture.ts';
import { startServer, type TestServer } from '../fixtures/nats-server.fixture.ts';
import { startProxy, type TcpProxy } from '../fixtures/tcp-proxy.fixture.ts';
import { until } from '../fixtures/until.fixture.ts';
import type { Observation } from '../observation.ts';
import type { Delivery, WorkQueue } from '../queue-port.ts';
import { executorConsumer } from './consume/consumers.ts';
import { createWorkQueue } from './work-queue.ts';

const ACK_WAIT_MS = 1_000;

let server: TestServer;
let proxy: TcpProxy;
let connection: NatsConnection;
let queue: WorkQueue;
let seen: Observation[] = [];
let hosts = 0;
let host = hostId('host-0');
let from: { stream: string; durable: string };

beforeAll(async () => {
  server = await startServer();
  proxy = await startProxy(server.port);
}, 30_000);

afterAll(async () => {
  await proxy?.close();
  await server?.remove();
});

/** Each test has its own host. */
beforeEach(async () => {
  host = hostId(`host-${++hosts}`);
  connection = await server.connect([proxy.port]);
  seen = [];
  queue = await createWorkQueue({
    connection,
    requestTimeoutMs: 400,
    observe: (observation) => seen.push(observation),
  });
  const manager = await jetstreamManager(connection);
  const { stream, config } = executorConsumer(host);
  await manager.consumers.add(stream, { ...config, ack_wait: nanos(ACK_WAIT_MS) });
  from = { stream, durable: config.durable_name };
});

afterEach(async () => {
  proxy.lose('nothing');
  await connection.close();
});

const publish = async (command: WorkCommand = workCommand(testVm())): Promise<number> => {
  const result = await queue.publish(host, command);
  if (result.kind !== 'stored') throw new Error(`not stored: ${result.kind}`);
  return result.sequence;
};

const publishMany = async (count: number): Promise<readonly number[]> => {
  const sequences: number[] = [];
  for (let at = 0; at < count; at++) sequences.push(await publish());
  return sequences;
};

interface Consumption {
  readonly deliveries: Delivery[];
  readonly errors: unknown[];
  stop(): Promise<void>;
}

const consume = (
  maxInFlight: number,
  onDelivery: (delivery: Delivery) => void | Promise<void> = () => undefined,
): Consumption => {
  const stop = new AbortController();
  const deliveries: Delivery[] = [];
  const errors: unknown[] = [];
  const done = queue.consume({
    ...from,
    maxInFlight,
    onDelivery: (delivery) => {
      deliveries.push(delivery);
      return onDelivery(delivery);
    },
    onError: (error) => errors.push(error),
    signal: stop.signal,
  });
  const stopped = (): Promise<void> => {
    stop.abort();
    return done;
  };
  return { deliveries, errors, stop: stopped };
};

const sequencesOf = (deliveries: readonly { streamSequence: number }[]): readonly number[] =>
  deliveries.map(({ streamSequence }) => streamSequence);

describe('work queue on nats-server', () => {
  it('delivers published messages, in order, with their bytes and type', async () => {
    const commands = [workCommand(testVm()), workCommand(testVm()), workCommand(testVm())];
    for (const command of commands) await publish(command);
    const { deliveries, stop } = consume(10, (delivery) => delivery.ack());
    await until('three are delivered', () => deliveries.length === 3);
    await stop();
    expect(deliveries.map(({ bytes }) => workCommandSchema.parse(JSON.parse(new TextDecoder().decode(bytes))))).toEqual(
      commands,
    );
    expect(deliveries[0]?.headers.get('Content-Type')).toBe('application/cloudevents+json');
    expect(await queue.unacknowledged(from.stream, from.durable)).toEqual([]);
  });

  it('stores a command once, but each of its routed copies, and the same id once per tenant', async () => {
    const command = workCommand(testVm());
    const first = await publish(command);
    expect(await queue.publish(host, command)).toEqual({ kind: 'stored', sequence: first, duplicate: true });
    const routed = await publish({ ...command, data: { ...command.data, round: 1 } });
    const foreign = await publish({ ...command, tenant: tenantId('globex') });
    expect([routed, foreign]).toEqual([first + 1, first + 2]);
  });

  it('repeats a publish whose ack was lost, under the same id', async () => {
    proxy.lose('replies');
    const pending = publish();
    const direct = await server.connect();
    const manager = await jetstreamManager(direct);
    await until(
      'it is stored',
      async () => (await manager.consumers.info(from.stream, from.durable)).num_pending === 1,
    );
    proxy.lose('nothing');
    await pending;
    expect((await manager.consumers.info(from.stream, from.durable)).num_pending).toBe(1);
    await direct.close();
  });

  it('returns unknown when the caller gives up', async () => {
    proxy.lose('replies');
    const giveUp = new AbortController();
    const pending = queue.publish(host, workCommand(testVm()), giveUp.signal);
    giveUp.abort();
    expect((await pending).kind).toBe('unknown');
  });

  it('limits the deliveries in progress, and continues as they end', async () => {
    const sequences = await publishMany(6);
    const { deliveries, stop } = consume(2);
    await until('two are in progress', () => deliveries.length === 2);
    await deliveries[0]?.ack();
    await until('the third comes', () => deliveries.length === 3);
    deliveries[1]?.term('poison');
    await until('the fourth comes', () => deliveries.length === 4);
    expect(sequencesOf(deliveries)).toEqual(sequences.slice(0, 4));
    await stop();
  });

  it('does not deliver a copy of a message in progress', async () => {
    const [sequence] = await publishMany(1);
    const { deliveries, stop } = consume(5);
    await until('it is in progress', () => deliveries.length === 1);
    const manager = await jetstreamManager(connection);
    await until(
      'it was redelivered',
      async () => (await manager.consumers.info(from.stream, from.durable)).num_redelivered > 0,
    );
    await deliveries[0]?.ack();
    const next = await publish();
    await until('the next is delivered', () => deliveries.length === 2);
    await stop();
    expect(sequencesOf(deliveries)).toEqual([sequence, next]);
  });

  it('keeps held messages from redelivery, and delivers others meanwhile', async () => {
    const manager = await jetstreamManager(connection);
    // Enough time for a slow test process.
    await manager.consumers.update(from.stream, from.durable, { ack_wait: nanos(2 * ACK_WAIT_MS) });
    const [first, second, inProgress] = await publishMany(3);
    const { deliveries, stop } = consume(2, (delivery) => {
      if (delivery.streamSequence !== inProgress) delivery.hold();
    });
    await until('the third is in progress beside the two that are held', () => deliveries.length === 3);
    const info = () => manager.consumers.info(from.stream, from.durable);
    await until(
      'the message that is not held was delivered twice more',
      async () => (await info()).delivered.consumer_seq >= 5,
    );
    expect((await info()).num_redelivered).toBe(1);
    for (const delivery of deliveries) await delivery.ack();
    await stop();
    expect(sequencesOf(deliveries)).toEqual([first, second, inProgress]);
    expect(await queue.unacknowledged(from.stream, from.durable)).toEqual([]);
  });

  it.each([
    ['stops', async (holder: Consumption) => holder.stop()],
    [
      'dies',
      async (holder: Consumption) =>
        void (await Promise.all([connection.close(), holder.stop().catch(() => undefined)])),
    ],
  ])('delivers held messages to another consumer when their holder %s', async (_, end) => {
    const sequences = await publishMany(3);
    const holder = consume(1, (delivery) => delivery.hold());
    await until('all are held', () => holder.deliveries.length === 3);
    await end(holder);
    connection = await server.connect([proxy.port]);
    queue = await createWorkQueue({ connection });
    const other = consume(1, (delivery) => delivery.ack());
    await until('the other has all', () => other.deliveries.length === 3);
    await other.stop();
    expect([...sequencesOf(other.deliveries)].sort((a, b) => a - b)).toEqual(sequences);
  });

  it('redelivers a nak after its delay, and a term never', async () => {
    const [naked, termed] = await publishMany(2);
    const { deliveries, stop } = consume(5, async (delivery) => {
      if (delivery.streamSequence === termed) delivery.term('poison');
      else if (delivery.deliveryCount === 1) delivery.nak(50);
      else await delivery.ack();
    });
    await until('the naked one is back', () => deliveries.length === 3);
    await stop();
    expect(sequencesOf(deliveries)).toEqual([naked, termed, naked]);
  });

  it('acks until the server confirms, though the link is lost in between', async () => {
    await publish();
    const { deliveries, stop } = consume(5);
    const delivery = await until('it is in progress', () => deliveries[0]);
    proxy.lose('requests');
    const acked = delivery.ack();
    await until('an ack went unanswered', () =>
      seen.some(({ kind, ...rest }) => kind === 'retry' && 'operation' in rest && rest.operation === 'ack'),
    );
    proxy.lose('nothing');
    await acked;
    await stop();
    expect(await queue.unacknowledged(from.stream, from.durable)).toEqual([]);
  });

  it('lists, after a crash, the unacknowledged messages in order, before anything is consumed', async () => {
    const sequences = await publishMany(5);
    const crashed = consume(3);
    await until('three are in progress', () => crashed.deliveries.length === 3);
    await crashed.deliveries[1]?.ack();
    await connection.close();
    await crashed.stop().catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    connection = await server.connect([proxy.port]);
    queue = await createWorkQueue({ connection });
    const left = await queue.unacknowledged(from.stream, from.durable);
    expect(sequencesOf(left).slice(0, 3)).toEqual(sequences.slice(0, 3));
    expect(sequencesOf(left)).toEqual([...sequencesOf(left)].sort((a, b) => a - b));
  });

  it('reports a handler that throws, and redelivers its message', async () => {
    await publish();
    const { deliveries, errors, stop } = consume(5, async () => {
      throw new Error('a bug in the handler');
    });
    await until('the bug is reported', () => errors.length === 1);
    expect(errors[0]).toMatchObject({ message: 'a bug in the handler' });
    expect(deliveries).toHaveLength(1);
    await stop();
  });

  it('reports that its consumer is missing and that it is back, and continues', async () => {
    const { deliveries, stop } = consume(1, (delivery) => delivery.ack());
    const found = (): boolean[] =>
      seen.flatMap((one) => (one.kind === 'consumer' && one.durable === from.durable ? [one.found] : []));
    await until('it reports that the consumer exists', () => found().at(-1) === true);
    const manager = await jetstreamManager(connection);
    await manager.consumers.delete(from.stream, from.durable);
    await until('it reports that the consumer is missing', () => found().at(-1) === false);
    await manager.consumers.add(from.stream, executorConsumer(host).config);
    await until('it reports that the consumer is back', () => found().at(-1) === true);
    const sequence = await publish();
    await until('the published message is delivered', () => sequencesOf(deliveries).includes(sequence));
    await stop();
  });

  it('continues after nats-server restarts, with nothing lost', async () => {
    const before = await publishMany(3);
    let acked = 0;
    const { deliveries, stop } = consume(10, async (delivery) => {
      await delivery.ack();
      acked += 1;
    });
    await until('three are acked', () => acked === 3);
    await server.kill();
    const underWay = publish();
    await server.start();
    const after = await underWay;
    await until('the fourth is delivered', () => sequencesOf(deliveries).includes(after));
    await stop();
    // A SIGKILL may lose the last acks: acked messages can be redelivered, in their old order.
    expect([...new Set(sequencesOf(deliveries))]).toEqual([...before, after]);
  }, 30_000);
});
