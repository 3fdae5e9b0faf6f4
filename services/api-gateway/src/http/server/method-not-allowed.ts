// Tells a wrong method (405, with what is allowed) from a path that does not exist (404): Fastify answers 404 to both.
import type { FastifyInstance } from 'fastify';
import { ProblemError, sendProblem } from '../problem.ts';

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

/** Call before the routes are added. */
export const registerNotFound = (app: FastifyInstance): void => {
  const known = new Map<string, Known>();
  app.addHook('onRoute', ({ url, method }) => {
    const entry = known.get(url) ?? { path: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) entry.methods.add(one);
    known.set(url, entry);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const allowed = [...known.values()].filter((entry) => entry.path.test(path)).flatMap(({ methods }) => [...methods]);
    if (allowed.length === 0)
      return sendProblem(
        new ProblemError('not-found', 'there is nothing at this path; GET /openapi.json says what there is'),
        request,
        reply,
      );
    const list = [...new Set(allowed)].join(', ');
    reply.header('allow', list);
    return sendProblem(new ProblemError('method-not-allowed', `this path takes ${list}`), request, reply);
  });
};
