// Creates that wait for a host: their cost while nothing changes, and how soon one starts when capacity is released.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from '@ironlog/schemas';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';
import { cpuSeconds } from './cpu.ts';
import { inFlight } from './in-flight.ts';
import type { Amounts } from './options.ts';
import type { Row, Section } from './report.ts';
import { summarize, timed } from './stats.ts';

const IDLE_PERCENT = 2;
const START_WITHIN_MS = 200;
/** The host's number of processes: as many VMs fill it. */
const ROOM = 4;
const IN_FLIGHT = 64;

interface Cost {
  readonly gateway: number;
  readonly nats: number;
}

/** Percent of one core, over `seconds` without requests. */
const idleCost = async ({ plane }: TestPlane, seconds: number): Promise<Cost> => {
  const read = () => ({
    gateway: cpuSeconds(plane.supervisor.pidOf('api-gateway')),
    nats: cpuSeconds(plane.nats.pid()),
  });
  const before = read();
  const tookMs = await timed(() => sleep(seconds * 1000));
  const after = read();
  const percent = (used: number): number => (used / (tookMs / 1000)) * 100;
  return { gateway: percent(after.gateway - before.gateway), nats: percent(after.nats - before.nats) };
};

const create = async (test: TestPlane, id: string, zone?: string): Promise<void> => {
  const spec = { memoryMiB: 32, ...(zone !== undefined && { placement: { hostLabels: { zone } } }) };
  const { status, body } = await test.http<Operation>('POST', '/v1/vms', { body: { id, spec } });
  if (status !== 202) throw new Error(`POST /v1/vms: ${status} ${JSON.stringify(body)}`);
};

/** From the answer that a VM is deleted, and its capacity free, to the claim of a waiting one. */
const startOnRoom = async (test: TestPlane, index: number): Promise<number> => {
  const waiting = `next-${index}`;
  await create(test, waiting);
  const { lastSequence } = await test.log.info();
  let claimedAt: number | undefined;
  const stopping = new AbortController();
  const following = test.log.tail({
    after: lastSequence,
    signal: stopping.signal,
    onBatch: (batch) => {
      for (const { read } of batch)
        if (read.ok && read.stored.kind === 'vm' && read.stored.event.subject === waiting)
          claimedAt ??= performance.now();
    },
  });
  await test.command('DELETE', `/v1/vms/${index === 0 ? 'full-0' : `next-${index - 1}`}?force=true`);
  const deletedAt = performance.now();
  const at = await until(`${waiting} is claimed`, () => claimedAt);
  stopping.abort();
  await following;
  // Its own create must end before it is deleted in turn.
  await until(`${waiting} is created`, async () => ((await test.vm(waiting)).state === 'created' ? true : undefined));
  return at - deletedAt;
};

const row = (what: string, value: number): Row => ({ what, unit: '% of a core', n: 1, p50: value, p99: value });

/** On its own plane, with one full host. */
export const benchWaiting = async ({ waiting, waitingIdleSeconds, waitingStarts }: Amounts): Promise<Section> => {
  const test = await startTestPlane({
    extra: {
      'api-gateway': { IRONLOG_MAX_WAITING_CREATES: '1000000', IRONLOG_REQUESTS_PER_SECOND: '100000' },
      'vm-executor': { IRONLOG_HOST_PROCESSES: String(ROOM) },
    },
  });
  try {
    for (let index = 0; index < ROOM; index += 1) {
      await test.command('POST', '/v1/vms', { id: `full-${index}`, spec: { memoryMiB: 32 } });
    }
    const none = await idleCost(test, waitingIdleSeconds);
    await inFlight({ count: waiting, atOnce: IN_FLIGHT }, (index) => create(test, `waits-${index}`, 'nowhere'));
    const all = await idleCost(test, waitingIdleSeconds);
    const starts: number[] = [];
    for (let index = 0; index < waitingStarts; index += 1) starts.push(await startOnRoom(test, index));
    const start = summarize(starts);
    const more = all.gateway + all.nats - none.gateway - none.nats;
    return {
      title: `Waiting creates (${waiting.toLocaleString('en-US')} that fit no host, nothing else to do for ${waitingIdleSeconds} s)`,
      rows: [
        row('api-gateway, none waits', none.gateway),
        row('api-gateway, all wait', all.gateway),
        row('nats-server, none waits', none.nats),
        row('nats-server, all wait', all.nats),
        { what: 'capacity released to claimed, beside the waiting ones', unit: 'ms', ...start },
      ],
      verdicts: [
        {
          what: 'gateway and nats-server together, over none waiting',
          value: `${more.toFixed(1)} %`,
          target: `<= ${IDLE_PERCENT} %`,
          met: more <= IDLE_PERCENT,
        },
        {
          what: 'a waiting create starts when capacity is released, p99',
          value: `${start.p99.toFixed(0)} ms`,
          target: `<= ${START_WITHIN_MS} ms`,
          met: start.p99 <= START_WITHIN_MS,
        },
      ],
    };
  } finally {
    await test.stop();
  }
};
