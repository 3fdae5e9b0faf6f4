// Bodies are JSON or nothing: an empty one is a command with every default, any other media type is refused.
import type { FastifyInstance } from 'fastify';

export const registerJsonBody = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  // `__proto__` and `constructor.prototype` are refused, not dropped: a body that needs them is no command.
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, String(body), done);
  });
  app.addHook('preValidation', async (request) => {
    if (request.method === 'POST') request.body ??= {};
  });
};
