// A body has a few seconds to arrive, but for a route that reads a long one; what is left of one after the answer, too.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '../api.ts';
import { ProblemError } from '../problem.ts';
import { answerOnSocket } from './client-error.ts';
import { LIMITS } from './limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It reads a body as it comes, for as long as it bounds it itself. */
    longBody?: boolean;
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

const late = (request: IncomingMessage, response: ServerResponse): void => {
  if (request.complete || request.destroyed) return;
  if (response.headersSent) request.socket.destroy();
  else answerOnSocket(request.socket, new ProblemError('request-timeout', 'the request did not arrive in time'));
};

/**
 * Node's own limit is one for the whole server, and so the longest of all routes'. This one begins with Node's request: what
 * Fastify refuses before any route or hook is bounded as well. Call before the routes are added.
 */
export const registerBodyTimeout = (app: App): void => {
  const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();
  const arm = (request: IncomingMessage, response: ServerResponse): void => {
    clearTimeout(timers.get(request));
    timers.set(
      request,
      setTimeout(() => late(request, response), LIMITS.requestTimeoutMs),
    );
  };
  app.server.prependListener('request', (request, response) => {
    if (!hasBody(request)) return;
    arm(request, response);
    response.once('finish', () => {
      if (request.complete) return clearTimeout(timers.get(request));
      // It is read to its end, so that its sender comes to the answer.
      request.resume();
      arm(request, response);
    });
    response.once('close', () => request.complete && clearTimeout(timers.get(request)));
  });
  app.addHook('preHandler', async ({ raw, routeOptions }) => {
    if (routeOptions.config.longBody) clearTimeout(timers.get(raw));
  });
};
