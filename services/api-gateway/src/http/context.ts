// What a request carries once the hooks have seen it, and what a route must say of itself.
import type { Principal } from '@ironlog/service-kit';
import type { FastifyRequest } from 'fastify';
import type { AskedBy } from '../read-workers/queries.ts';
import type { Access } from './auth/access.ts';
import type { ProblemError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler of a route that is not public. */
    principal: Principal | undefined;
    /** Judges the token anew, for an answer that goes on; undefined: the caller is still who it was. */
    refusal: () => ProblemError | undefined;
    /** Of the caller, or a new one; undefined only where no hook ran (a path that is no URL path). */
    traceparent: string | undefined;
    /** Aborted when the answer is sent or its asker has gone. */
    gone: AbortSignal;
  }
  interface FastifyContextConfig {
    /** Who may call the route. A route that does not say is refused at start. */
    access?: Access;
    /** It answers with one VM, and so with its ETag. */
    answersEtag?: boolean;
    /** It is a stream that goes on after `Last-Event-ID`. */
    resumable?: boolean;
  }
}

/** The caller. Routes that are not public have one, by the authentication hook. */
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
