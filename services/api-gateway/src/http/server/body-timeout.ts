// A body has a few seconds to arrive, but for a route that reads a long one; what is left of one after the answer, too.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../problem.ts';
import { answerOnSocket } from './client-error.ts';
import { LIMITS } from './limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It reads a body as it comes, for as long as it bounds it itself. */
    longBody?: boolean;
  }
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** Node's own limit is the whole server's, and so the longest of all routes'. Call before the routes are added. */
export const registerBodyTimeout = (app: FastifyInstance): void => {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>();
  const late = (request: FastifyRequest, reply: FastifyReply): void => {
    const { raw } = request;
    if (raw.complete || raw.destroyed) return;
    if (reply.raw.headersSent) raw.socket.destroy();
    else answerOnSocket(raw.socket, new ProblemError('request-timeout', 'the request did not arrive in time'));
  };
  const arm = (request: FastifyRequest, reply: FastifyReply): void => {
    const timer = setTimeout(() => late(request, reply), LIMITS.requestTimeoutMs);
    timers.set(request, timer);
  };
  app.addHook('onRequest', async (request, reply) => {
    if (hasBody(request)) arm(request, reply);
  });
  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.config.longBody) clearTimeout(timers.get(request));
  });
  app.addHook('onResponse', async (request, reply) => {
    clearTimeout(timers.get(request));
    if (request.raw.complete || !hasBody(request)) return;
    // It is read to its end, so that its sender comes to the answer.
    request.raw.resume();
    arm(request, reply);
  });
};
