// Asks a host for a VM's console over NATS: its newest bytes, or what comes after a position.
import { consoleFollowReplySchema, consoleReplySchema } from '@ironlog/schemas';
import type { ConsoleAnswer, ConsoleFollowQuestion, ConsolePart, ConsoleQuestion } from './api.ts';
import { type HostCallDeps, hostCall } from './host-call.ts';

const TIMEOUT_MS = 2_000;

export const consoleCall = (deps: HostCallDeps) => {
  const ask = hostCall(deps, 'console', consoleReplySchema);
  return async ({ host, ...question }: ConsoleQuestion): Promise<ConsoleAnswer> => {
    const reply = await ask({ host, question, withinMs: TIMEOUT_MS });
    if (!reply) return { kind: 'unreachable' };
    return reply.ok
      ? { kind: 'text', base64: reply.text, sizeBytes: reply.size }
      : { kind: 'none', reason: reply.reason };
  };
};

export const consolePartCall = (deps: HostCallDeps) => {
  const ask = hostCall(deps, 'console-follow', consoleFollowReplySchema);
  return async ({ host, ...question }: ConsoleFollowQuestion): Promise<ConsolePart> => {
    const reply = await ask({ host, question, withinMs: question.waitMs + TIMEOUT_MS });
    if (!reply) return { kind: 'unreachable' };
    if (!reply.ok) return { kind: 'none', reason: reply.reason };
    return { kind: 'part', from: reply.from, bytes: Buffer.from(reply.text, 'base64'), end: reply.end };
  };
};
