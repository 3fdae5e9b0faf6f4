// How many requests of one token may stay open at once. A stream or a wait holds a connection, and connections are
// shared: without a bound of its own one token could leave every other tenant none.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { preferredWait } from './prefer.ts';
import { ProblemError } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It answers when what was asked for has happened. */
    waits?: boolean;
  }
}

type Held = 'stream' | 'wait';

export interface HeldOpenLimits {
  readonly streamsPerToken: number;
  readonly waitsPerToken: number;
}

export const registerHeldOpen = (app: FastifyInstance, { streamsPerToken, waitsPerToken }: HeldOpenLimits): void => {
  const most: Readonly<Record<Held, number>> = { stream: streamsPerToken, wait: waitsPerToken };
  const open = new Map<string, number>();
  app.addHook('preHandler', async (request, reply) => {
    const held = heldBy(request);
    if (!held || !request.principal) return;
    const key = `${held} ${request.principal.tokenId}`;
    const count = open.get(key) ?? 0;
    if (count >= most[held])
      throw new ProblemError(
        'too-many-requests',
        `this token has ${most[held]} ${held}s open already, as many as one may have; end one, or try again`,
      );
    open.set(key, count + 1);
    reply.raw.once('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left > 0) open.set(key, left);
      else open.delete(key);
    });
  });
};

const heldBy = (request: FastifyRequest): Held | undefined => {
  const { access, resumable, waits } = request.routeOptions.config;
  if (resumable) return 'stream';
  return waits || (access === 'command' && preferredWait(request) !== undefined) ? 'wait' : undefined;
};
