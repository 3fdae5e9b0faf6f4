// A request's fields set by the hooks, and a route's configuration.
import type { Principal } from '@ironlog/service-kit';
import type { FastifyRequest } from 'fastify';
import type { AskedBy } from '../read-workers/queries.ts';
import type { Access } from './auth/access.ts';
import type { ProblemError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler of a route that is not public. */
    principal: Principal | undefined;
    /** Authenticates the token again, for an open answer; undefined: tenant and role are unchanged. */
    refusal: () => ProblemError | undefined;
    /** The caller's, or a new one; undefined only when no hook ran (an invalid URL path). */
    traceparent: string | undefined;
    /** Aborted when the answer is sent or the client has disconnected. */
    gone: AbortSignal;
  }
  interface FastifyContextConfig {
    /** Who may call the route. A route without it is refused at start. */
    access?: Access;
    /** It answers with one VM, and so with its ETag. */
    answersEtag?: boolean;
    /** It is a stream that continues after `Last-Event-ID`. */
    resumable?: boolean;
    /** It is such a stream where its query says `follow=true`. */
    followable?: boolean;
  }
}

/** The caller. The authentication hook sets it for every route that is not public. */
export const principalOf = (request: { readonly principal: Principal | undefined }): Principal => {
  if (!request.principal) throw new Error('a route without authentication asked for its caller');
  return request.principal;
};

/** A question of the read model on behalf of the request: it includes what the answer's position will say. */
export const askedBy = (request: Pick<FastifyRequest, 'principal' | 'position' | 'gone'>): AskedBy => ({
  party: principalOf(request).tenant,
  atLeast: request.position,
  signal: request.gone,
});
