// Limits the open requests of one token, and of one tenant. A stream or a wait holds a connection, and connections are
// shared: without limits a token, or a tenant with many tokens, could use them all.
import type { Principal } from '@ironlog/service-kit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { preferredWait } from '../headers/prefer.ts';
import { ProblemError } from '../problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route answers when an awaited event has happened. */
    waits?: boolean;
  }
}

type Held = 'stream' | 'wait';

export interface OpenRequestLimits {
  readonly streamsPerToken: number;
  readonly streamsPerTenant: number;
  readonly waitsPerToken: number;
  readonly waitsPerTenant: number;
}

/** A counted key, and its limit. */
interface Bound {
  readonly key: string;
  readonly most: number;
  readonly whenFull: string;
}

export const registerOpenRequestLimits = (app: FastifyInstance, limits: OpenRequestLimits): void => {
  const open = new Map<string, number>();
  app.addHook('preHandler', async (request, reply) => {
    const held = heldBy(request);
    if (!held || !request.principal) return;
    const bounds = boundsOf(held, request.principal, limits);
    const full = bounds.find(({ key, most }) => (open.get(key) ?? 0) >= most);
    if (full) throw new ProblemError('too-many-requests', `${full.whenFull}; end one, or try again`);
    for (const { key } of bounds) open.set(key, (open.get(key) ?? 0) + 1);
    reply.raw.once('close', () => {
      for (const { key } of bounds) {
        const left = (open.get(key) ?? 1) - 1;
        if (left > 0) open.set(key, left);
        else open.delete(key);
      }
    });
  });
};

const boundsOf = (held: Held, { tenant, tokenId }: Principal, limits: OpenRequestLimits): readonly Bound[] => {
  const [perToken, perTenant] =
    held === 'stream'
      ? [limits.streamsPerToken, limits.streamsPerTenant]
      : [limits.waitsPerToken, limits.waitsPerTenant];
  return [
    {
      key: `${held} of token ${tokenId}`,
      most: perToken,
      whenFull: `this token has ${perToken} ${held}s open already, as many as one may have`,
    },
    {
      key: `${held} of tenant ${tenant}`,
      most: perTenant,
      whenFull: `the tokens of tenant ${tenant} have ${perTenant} ${held}s open between them, as many as one tenant may have`,
    },
  ];
};

const heldBy = (request: FastifyRequest): Held | undefined => {
  const { access, followable, resumable, waits } = request.routeOptions.config;
  if (resumable || (followable && isFollowed(request.query))) return 'stream';
  return waits || (access === 'command' && preferredWait(request) !== undefined) ? 'wait' : undefined;
};

/** As the route's schema has read it. */
const isFollowed = (query: unknown): boolean =>
  typeof query === 'object' && query !== null && 'follow' in query && query.follow === true;
