// The gateway's failpoints: before and after each of its side effects, wrapped around the ports.
import type { Delivery, EventLog, WorkQueue } from '@ironlog/event-log';
import type { Fail as FailAt } from '@ironlog/service-kit';

export const FAILPOINTS = [
  'before-publish',
  'after-publish',
  'before-append',
  'after-append',
  'before-ack',
  'after-ack',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];
export type Fail = FailAt<Failpoint>;

type Effect = 'publish' | 'append' | 'ack';

const around =
  <Args extends readonly unknown[], Result>(
    fail: Fail,
    effect: Effect,
    act: (...args: Args) => Promise<Result>,
  ): ((...args: Args) => Promise<Result>) =>
  async (...args) => {
    fail(`before-${effect}`);
    const result = await act(...args);
    fail(`after-${effect}`);
    return result;
  };

const failingDelivery = (delivery: Delivery, fail: Fail): Delivery => ({
  subject: delivery.subject,
  bytes: delivery.bytes,
  headers: delivery.headers,
  streamSequence: delivery.streamSequence,
  storedAt: delivery.storedAt,
  deliveryCount: delivery.deliveryCount,
  ack: around(fail, 'ack', () => delivery.ack()),
  nak: (delayMs) => delivery.nak(delayMs),
  working: () => delivery.working(),
  hold: () => delivery.hold(),
  term: (reason) => delivery.term(reason),
});

export const failingQueue = (queue: WorkQueue, fail: Fail): WorkQueue => ({
  probe: () => queue.probe(),
  publish: around(fail, 'publish', (...args) => queue.publish(...args)),
  consume: (options) =>
    queue.consume({ ...options, onDelivery: (delivery) => options.onDelivery(failingDelivery(delivery, fail)) }),
  unacknowledged: (...args) => queue.unacknowledged(...args),
});

export const failingLog = (log: EventLog, fail: Fail): EventLog => ({
  info: () => log.info(),
  readSince: (...args) => log.readSince(...args),
  replay: (...args) => log.replay(...args),
  tail: (...args) => log.tail(...args),
  append: around(fail, 'append', (...args) => log.append(...args)),
  appendRejection: around(fail, 'append', (...args) => log.appendRejection(...args)),
});
