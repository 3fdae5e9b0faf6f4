/** Reads the stream's time at a service's start and periodically, and reports the offset of the machine's clock as a metric. */
import type { Runtime } from '../lifecycle/runtime.ts';
import type { Clock } from './clock.ts';
import { delay } from './retry.ts';
import { type ClockOffset, StreamClock, type TimeReading } from './stream-clock.ts';

/** For a service without heartbeats: a host's heartbeat interval. */
const FOLLOW_EVERY_MS = 3_000;
const FIRST_ATTEMPTS = 6;
const RETRY_MS = 500;
/** The machine's clock stamps only log lines and traces. */
const WARN_FROM_MS = 2_000;

export interface StreamTime {
  /** For decisions by time, and for times on record. */
  readonly clock: Clock;
  /** Reads the time again. Rejects when the leader does not answer; the clock then continues from the previous reading. */
  measure(): Promise<ClockOffset>;
}

export interface StreamTimeDeps extends Pick<Runtime, 'clock' | 'metrics' | 'signal'> {
  /** The stream's time, from its leader. */
  readonly ask: () => Promise<Date>;
}

/** Resolves after the first reading. @throws the error of the last attempt. */
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
  const report = (offset: ClockOffset): ClockOffset => {
    gauge.set(offset.offsetMs / 1000);
    return offset;
  };
  report(clock.offset());
  return {
    clock,
    measure: async () => {
      clock.read(await read());
      return report(clock.offset());
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
    if (!isOff && wasOff) logger.info({ offsetMs }, "this machine's clock is correct again");
  };
  while (!signal.aborted) {
    await measure().catch((err: unknown) => {
      if (!signal.aborted) logger.warn({ err }, "nats-server's time cannot be read; the last reading stays in use");
    });
    await delay(FOLLOW_EVERY_MS, signal).catch((reason: unknown) => {
      if (!signal.aborted) throw reason;
    });
  }
};
