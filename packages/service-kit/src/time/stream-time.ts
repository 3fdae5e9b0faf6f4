/** Reads the stream's time at a service's start and from then on, and shows how far off the machine's own clock is. */
import type { Runtime } from '../lifecycle/runtime.ts';
import type { Clock } from './clock.ts';
import { delay } from './retry.ts';
import { type ClockOffset, StreamClock, type TimeReading } from './stream-clock.ts';

/** Of a service that sends no heartbeat; as often as a host's. */
const FOLLOW_EVERY_MS = 3_000;
const FIRST_ATTEMPTS = 6;
const RETRY_MS = 500;
/** Nothing is decided by this clock: what it stamps are log lines and traces. */
const WARN_FROM_MS = 2_000;

export interface StreamTime {
  /** What is decided by time, and what goes on record, is by this clock. */
  readonly clock: Clock;
  /** Reads it once more. Rejects when the leader does not answer: the time then goes on from the reading before. */
  measure(): Promise<ClockOffset>;
}

export interface StreamTimeDeps extends Pick<Runtime, 'clock' | 'metrics' | 'signal'> {
  /** The stream's time, from its leader. */
  readonly ask: () => Promise<Date>;
}

/** Resolves with the first reading. @throws what the last of some attempts threw. */
export const startStreamTime = async ({
  clock: machine,
  metrics,
  signal,
  ask,
}: StreamTimeDeps): Promise<StreamTime> => {
  const read = async (): Promise<TimeReading> => {
    const askedAtMs = machine.monotonicMs();
    const serverMs = (await ask()).getTime();
    return { askedAtMs, answeredAtMs: machine.monotonicMs(), serverMs };
  };
  const first = async (): Promise<TimeReading> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await read();
      } catch (error) {
        if (attempt >= FIRST_ATTEMPTS) throw error;
        await delay(RETRY_MS, signal);
      }
    }
  };
  const clock = new StreamClock(machine, await first());
  const gauge = metrics.gauge('ironlog_host_clock_offset_seconds');
  const show = (offset: ClockOffset): ClockOffset => {
    gauge.set(offset.offsetMs / 1000);
    return offset;
  };
  show(clock.offset());
  return {
    clock,
    measure: async () => {
      clock.read(await read());
      return show(clock.offset());
    },
  };
};

/** Until aborted; for a service that sends no heartbeat. */
export const followStreamTime = async (
  time: StreamTime,
  { logger, signal }: Pick<Runtime, 'logger' | 'signal'>,
): Promise<void> => {
  let isOff = false;
  const measure = async (): Promise<void> => {
    const { offsetMs, errorMs } = await time.measure();
    const wasOff = isOff;
    isOff = Math.abs(offsetMs) - errorMs > WARN_FROM_MS;
    if (isOff && !wasOff) logger.warn({ offsetMs }, "this machine's clock differs from nats-server's; set it");
    if (!isOff && wasOff) logger.info({ offsetMs }, "this machine's clock is right again");
  };
  while (!signal.aborted) {
    await measure().catch((err: unknown) => {
      if (!signal.aborted) logger.warn({ err }, "nats-server's time cannot be read; the last reading holds");
    });
    await delay(FOLLOW_EVERY_MS, signal).catch((reason: unknown) => {
      if (!signal.aborted) throw reason;
    });
  }
};
