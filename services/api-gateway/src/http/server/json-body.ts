// Bodies are JSON or absent: an absent one is a command with every default, any other media type is refused.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readJson } from '../../accept/read-json.ts';
import { ProblemError } from '../problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as sent, before any default is filled in; undefined: none. */
    sent: unknown;
  }
}

export const registerJsonBody = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  app.decorateRequest('sent', undefined);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') return done(null, undefined);
    const read = readJson(String(body));
    if (read.ok) return done(null, read.value);
    return done(
      new ProblemError(read.code, `the body is refused: ${read.reason}`, {
        errors: [{ path: 'body', message: read.reason }],
      }),
    );
  });
  app.addHook('preValidation', async (request) => {
    request.sent = request.body;
    // `null` is a body, and an invalid command.
    if (request.method === 'POST' && request.body === undefined) request.body = {};
  });
};

/** The verb's parameters as sent. Call it after the route's schema has accepted the body. */
export const paramsSent = ({ sent }: Pick<FastifyRequest, 'sent'>): unknown => {
  if (typeof sent !== 'object' || sent === null) return undefined;
  const { id: _, startBy: __, ...params } = sent as Readonly<Record<string, unknown>>;
  return params;
};
