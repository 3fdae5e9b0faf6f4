import { createMemoryEventLog } from '@ironlog/event-log';
import { isTenantEvent, newCommandId, rejectionSubject, type TenantId, tenantId, vmId } from '@ironlog/schemas';
import { afterEach, expect, test } from 'vitest';
import { rejectionEvent } from '../ingress/rejection.ts';
import { type Frame, type StreamRange, streamEvents } from './event-stream.ts';
import { startTail, type Tail } from './tail.ts';

const ours = tenantId('acme');
const others = tenantId('other');
const BEAT_MS = 40;

const log = createMemoryEventLog();
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Appends an event that only `tenant` may see; returns its sequence. */
const happen = async (tenant: TenantId): Promise<number> => {
  const time = new Date().toISOString();
  const event = rejectionEvent({
    tenant,
    vmId: vmId('vm-1'),
    verb: 'boot',
    commandId: newCommandId(),
    requestedAt: time,
    startBy: time,
    now: time,
    rejection: { code: 'vm-not-found', reason: 'there is no VM vm-1' },
  });
  const appended = await log.appendRejection(rejectionSubject(tenant, 'gateway'), event);
  if (appended.kind !== 'committed') throw new Error(`appended as ${appended.kind}`);
  return appended.sequence;
};

const tailOf = async (): Promise<Tail> => {
  const controller = new AbortController();
  ends.push(() => controller.abort());
  return startTail({ log, signal: controller.signal, folds: [] });
};

/** The ring of these tests reaches back to the first entry: the file is never read. */
const reads = { historyPosition: () => 0 };
const queries = { history: async () => [] };

type Sent = Frame<string>;

const follow = async (more: Partial<StreamRange<string>> = {}): Promise<AsyncGenerator<Sent>> => {
  const tail = await tailOf();
  const gone = new AbortController();
  ends.push(() => gone.abort());
  return streamEvents(
    { reads, queries, tail },
    {
      tenant: ours,
      after: tail.ring.last(),
      follow: true,
      visible: ({ stored }) => isTenantEvent(stored) && stored.event.tenant === ours,
      heartbeatMs: BEAT_MS,
      refusal: () => undefined,
      signal: gone.signal,
      ...more,
    },
  );
};

const next = async (frames: AsyncGenerator<Sent>): Promise<Sent> => {
  const { value, done } = await Promise.race([
    frames.next(),
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no frame within a second')), 1_000)),
  ]);
  if (done) throw new Error('the stream has ended');
  return value;
};

test('a stream that follows sends its start position at once: a client that is disconnected before any event can resume there', async () => {
  const before = await happen(ours);
  expect(await next(await follow({ heartbeatMs: 60_000 }))).toEqual({ kind: 'mark', sequence: before });
});

test("a tenant without events gets the log's position, however many events others have", async () => {
  const frames = await follow();
  await next(frames);
  let last = 0;
  const busy = setInterval(() => {
    happen(others).then((sequence) => {
      last = sequence;
    });
  }, BEAT_MS / 8);
  ends.push(() => clearInterval(busy));
  let reached = 0;
  for (let marks = 0; marks < 3; marks += 1) {
    const frame = await next(frames);
    if (frame.kind !== 'mark') throw new Error(`a ${frame.kind} instead of a mark`);
    expect(frame.sequence).toBeGreaterThan(reached);
    reached = frame.sequence;
  }
  expect(reached).toBeGreaterThan(last - 8);
});

test('a tenant with many events gets every event, with positions in between', async () => {
  const frames = await follow();
  const sent: Sent[] = [];
  const happened: number[] = [];
  const busy = setInterval(() => {
    happen(ours).then((sequence) => happened.push(sequence));
  }, BEAT_MS / 8);
  ends.push(() => clearInterval(busy));
  for (let marks = 0; marks < 3; ) {
    const frame = await next(frames);
    sent.push(frame);
    if (frame.kind === 'mark') marks += 1;
  }
  const sequences = sent.flatMap((frame) => (frame.kind === 'event' ? [frame.event.sequence] : []));
  expect(sequences.length).toBeGreaterThan(0);
  expect(sequences).toEqual(happened.slice(0, sequences.length));
});

test('a refused stream ends with the reason, with and without events', async () => {
  let refused = false;
  const refusal = () => (refused ? 'revoked' : undefined);
  const [silent, loud] = [await follow({ refusal }), await follow({ refusal })];
  for (const frames of [silent, loud]) await next(frames);
  refused = true;
  expect(await next(silent)).toEqual({ kind: 'end', refusal: 'revoked' });
  const sequence = await happen(ours);
  expect(await next(loud), `event ${sequence} is no longer sent`).toEqual({ kind: 'end', refusal: 'revoked' });
  expect([await silent.next(), await loud.next()]).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});
