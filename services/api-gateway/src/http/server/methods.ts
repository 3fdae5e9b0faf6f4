// HTTP methods: a path answers OPTIONS, and an unsupported method with 405 and the supported ones. Fastify answers 404,
// and knows only some of the methods of Node's parser.
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

const NOT_FOUND = 'there is nothing at this path; GET /openapi.json lists the paths';

/** Call it before the routes are added. */
export const registerMethods = (app: FastifyInstance): void => {
  const known = new Map<string, Known>();
  // Without it the router throws on a method that Node has parsed, and the answer is a 500.
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
  // No path supports QUERY, so its body is not parsed: Fastify would refuse one without a Content-Type before the
  // method.
  app.addHttpMethod('QUERY', { hasBody: false, overrideExisting: true });
  app.addHook('onRoute', ({ url, method }) => {
    if (url === '*') return;
    const entry = known.get(url) ?? { path: patternOf(url), methods: new Set<string>(['OPTIONS']) };
    for (const one of [method].flat()) entry.methods.add(one);
    known.set(url, entry);
  });
  /** Empty when there is no such path. */
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
    return sendProblem(new ProblemError('method-not-allowed', `this path supports ${allowed}`), request, reply);
  });
  // Node passes CONNECT and an unknown Expect to separate listeners, and otherwise closes or answers without a body.
  app.server.on('connect', (_request, socket) => {
    answerOnSocket(socket, new ProblemError('method-not-allowed', 'this API opens no tunnels'), { allow: '' });
  });
  app.server.on('checkExpectation', (request, response) => {
    const problem = new ProblemError(
      'expectation-failed',
      `Expect ${JSON.stringify(request.headers.expect)} is not supported; only 100-continue is`,
    );
    answerOnSocket(response.socket, problem);
  });
};
