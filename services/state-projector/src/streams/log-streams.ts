// The three streams that the files are folded from, at the time when a file is opened.
import { createEventLog, type EventLog, type EventLogOptions, type LogInfo, type Observe } from '@ironlog/event-log';
import { STREAMS } from '@ironlog/schemas';

export interface LogStream {
  readonly name: string;
  readonly log: EventLog;
  readonly info: LogInfo;
  /** Up to here no messages are left: WORK and COMMANDS expire after 30 days, but keep their last sequence. */
  readonly emptyUntil: number;
}

const streamInfo = async (name: string, log: EventLog): Promise<LogStream> => {
  const info = await log.info();
  return { name, log, info, emptyUntil: info.firstSequence > info.lastSequence ? info.lastSequence : 0 };
};

export interface LogStreams {
  readonly events: LogStream;
  readonly work: LogStream;
  readonly commands: LogStream;
}

/** @throws LogUnavailableError when a stream's leader does not answer. */
export type ReadStreams = () => Promise<LogStreams>;

export const openStreams = async (
  connection: EventLogOptions['connection'],
  observe: Observe = () => undefined,
): Promise<ReadStreams> => {
  /** WORK and COMMANDS expire: a missing message is no hole. */
  const observeForgetful: Observe = (observation) => {
    if (observation.kind !== 'hole') observe(observation);
  };
  const events = await createEventLog({ connection, observe });
  const work = await createEventLog({ connection, stream: STREAMS.work, observe: observeForgetful });
  const commands = await createEventLog({ connection, stream: STREAMS.commands, observe: observeForgetful });
  return async () => ({
    events: await streamInfo(STREAMS.events, events),
    work: await streamInfo(STREAMS.work, work),
    commands: await streamInfo(STREAMS.commands, commands),
  });
};
