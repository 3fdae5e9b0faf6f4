// Methods as HTTP has them: a path answers OPTIONS, and a method that it does not take with 405 and what it takes. Fastify
// answers 404 to the one, and knows only some of the methods that Node's parser takes.
import { METHODS } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError, sendProblem } from '../problem.ts';
import { answerOnSocket } from './client-error.ts';

interface Known {
  readonly path: RegExp;
  readonly methods: Set<string>;
}

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('/')}$`,
  );

const NOT_FOUND = 'there is nothing at this path; GET /openapi.json says what there is';

/** Call before the routes are added. */
export const registerMethods = (app: FastifyInstance): void => {
  const known = new Map<string, Known>();
  // Without it the router throws on a method that Node has parsed, and the answer is a 500.
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
  // No path takes it, so its body is not looked at: Fastify would refuse one without a Content-Type before the path is.
  app.addHttpMethod('QUERY', { hasBody: false, overrideExisting: true });
  app.addHook('onRoute', ({ url, method }) => {
    if (url === '*') return;
    const entry = known.get(url) ?? { path: patternOf(url), methods: new Set<string>(['OPTIONS']) };
    for (const one of [method].flat()) entry.methods.add(one);
    known.set(url, entry);
  });
  /** Empty where there is no such path. */
  const allowedAt = (url: string): string => {
    const path = url.split('?', 1)[0] ?? '/';
    const entries = path === '*' ? [...known.values()] : [...known.values()].filter((entry) => entry.path.test(path));
    return [...new Set(entries.flatMap(({ methods }) => [...methods]))].sort().join(', ');
  };
  app.options('*', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
    const allowed = allowedAt(request.url);
    if (allowed === '') return sendProblem(new ProblemError('not-found', NOT_FOUND), request, reply);
    return reply.code(204).header('allow', allowed).send();
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = allowedAt(request.url);
    if (allowed === '') return sendProblem(new ProblemError('not-found', NOT_FOUND), request, reply);
    reply.header('allow', allowed);
    return sendProblem(new ProblemError('method-not-allowed', `this path takes ${allowed}`), request, reply);
  });
  // Node hands a tunnel and an unknown Expect to listeners of their own, and closes or answers without a body otherwise.
  app.server.on('connect', (_request, socket) => {
    answerOnSocket(socket, new ProblemError('method-not-allowed', 'this API opens no tunnels'), { allow: '' });
  });
  app.server.on('checkExpectation', (request, response) => {
    const problem = new ProblemError(
      'expectation-failed',
      `Expect ${JSON.stringify(request.headers.expect)} is not understood; only 100-continue is`,
    );
    answerOnSocket(response.socket, problem);
  });
};
