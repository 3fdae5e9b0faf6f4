// Answers the gateway's requests for the next output of a guest: at once if there is some, otherwise when it is printed.
// A stream is a series of requests, so that the host keeps no reader state except the waiting request.
import { existsSync } from 'node:fs';
import {
  type consoleFollowReplySchema,
  consoleFollowRequestSchema,
  type HostId,
  SUBJECT_PREFIX,
} from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import type { StateDirectory } from '../host/state-directory.ts';
import { consoleTail, readConsole } from './console-file.ts';
import type { ConsoleWatch } from './console-watch.ts';

/** In base64 and its envelope it must fit NATS's max_payload of 64 KiB. */
const MAX_PART_BYTES = 45_000;
/** The maximum number of streams of two gateways. */
const MAX_WAITING = 1000;

type Question = z.output<typeof consoleFollowRequestSchema>;
type Reply = z.input<typeof consoleFollowReplySchema>;

const NO_CONSOLE: Reply = { ok: false, code: 'console-not-available', reason: 'the VM has no console on this host' };

const OVERLOADED: Reply = { ok: false, code: 'overloaded', reason: 'too many consoles of this host are followed' };

export interface ConsoleFollowDeps {
  readonly connection: Pick<NatsConnection, 'subscribe'>;
  readonly host: HostId;
  readonly state: Pick<StateDirectory, 'directoryOf'>;
  readonly consoles: Pick<ConsoleWatch, 'listen'>;
  readonly logger: Logger;
}

export interface ConsoleFollows {
  /** Requests that wait for output. */
  readonly waiting: number;
  /** Answers them with no output; the gateway asks the next executor. */
  stop(): void;
}

export const serveConsoleFollows = (deps: ConsoleFollowDeps): ConsoleFollows => {
  const { connection, host, state, consoles, logger } = deps;
  const waiting = new Set<() => void>();

  /** The current answer; `undefined`: no output yet. */
  const look = (directory: string, { from, tailBytes }: Question): Reply | undefined => {
    const part =
      from === undefined
        ? consoleTail(directory, Math.min(tailBytes, MAX_PART_BYTES))
        : readConsole(directory, from, MAX_PART_BYTES);
    // The guest has not printed yet; its VM exists.
    if (!part) return existsSync(directory) ? beginning(from) : NO_CONSOLE;
    if (part.bytes.length === 0 && part.from === from) return undefined;
    return { ok: true, from: part.from, text: part.bytes.toString('base64'), end: part.end };
  };
  /** A new reader gets its start position at once. */
  const beginning = (from: number | undefined): Reply | undefined =>
    from === undefined ? { ok: true, from: 0, text: '', end: 0 } : undefined;
  const nothing = (directory: string, { from = 0 }: Question): Reply =>
    existsSync(directory) ? { ok: true, from, text: '', end: from } : NO_CONSOLE;

  const answer = (message: Msg, question: Question): void => {
    const directory = state.directoryOf(question);
    const found = look(directory, question);
    if (found || question.waitMs === 0) respond(message, found ?? nothing(directory, question));
    else if (waiting.size >= MAX_WAITING) respond(message, OVERLOADED);
    else wait(message, directory, question);
  };
  const wait = (message: Msg, directory: string, question: Question): void => {
    const settle = (reply: () => Reply | undefined): void => {
      const text = safely(reply);
      if (!text) return;
      leave();
      clearTimeout(timer);
      waiting.delete(giveUp);
      respond(message, text);
    };
    const giveUp = (): void => settle(() => look(directory, question) ?? nothing(directory, question));
    const leave = consoles.listen(directory, () => settle(() => look(directory, question)));
    const timer = setTimeout(giveUp, question.waitMs);
    waiting.add(giveUp);
  };
  const safely = (reply: () => Reply | undefined): Reply | undefined => {
    try {
      return reply();
    } catch (err) {
      // The answer goes to the VM's tenant, which must not see the host's paths.
      logger.warn({ err, hostId: host }, 'a console could not be read');
      return { ok: false, code: 'failed', reason: 'the console cannot be read on this host' };
    }
  };
  const respond = (message: Msg, reply: Reply): void => void message.respond(JSON.stringify(reply));

  const subscription = connection.subscribe(`${SUBJECT_PREFIX}.rpc.${host}.console-follow`, {
    callback: (error, message) => {
      if (error) return;
      const refusal = safely(() => {
        const question = consoleFollowRequestSchema.safeParse(message.json());
        if (!question.success)
          return { ok: false, code: 'invalid-request', reason: z.prettifyError(question.error).slice(0, 2000) };
        answer(message, question.data);
        return undefined;
      });
      if (refusal) respond(message, refusal);
    },
  });
  return {
    get waiting() {
      return waiting.size;
    },
    stop: () => {
      subscription.unsubscribe();
      for (const giveUp of [...waiting]) giveUp();
    },
  };
};
