// Every client request is a span of the client's trace, which covers its work and log lines.
import { isTraceparent, newTraceparent, type OpenSpan, openSpan } from '@ironlog/service-kit';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined for probes and pages, and when no hook ran. */
    span: OpenSpan | undefined;
  }
}

/** Names and attributes: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span */
export const registerRequestSpans = (app: FastifyInstance): void => {
  app.decorateRequest('span', undefined);
  app.decorateRequest('traceparent', '');

  app.addHook('onRequest', (request, _reply, done) => {
    const parent = parentOf(request);
    if (request.routeOptions.config.access === 'public') {
      request.traceparent = parent ?? newTraceparent();
      done();
      return;
    }
    const { method, routeOptions } = request;
    const route = routeOptions.url;
    const span = openSpan(route === undefined ? method : `${method} ${route}`, {
      kind: 'server',
      parent,
      attributes: {
        'http.request.method': method,
        'url.scheme': request.protocol,
        ...(route !== undefined && { 'http.route': route }),
      },
    });
    request.span = span;
    request.traceparent = span.traceparent;
    span.run(done);
  });

  // A body is parsed in the socket's context: the request's context is restored here.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.span) request.span.run(done);
    else done();
  });

  // The route's path is known only here; the query, which may hold a secret, is omitted.
  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.url === undefined) return;
    request.span?.set({ 'url.path': request.url.split('?', 1)[0] ?? '/', tenant: request.principal?.tenant });
  });

  app.addHook('onResponse', async (request, reply) => {
    const { statusCode } = reply;
    request.span?.set({ 'http.response.status_code': statusCode });
    // A 4xx is the caller's failure, not the span's.
    if (statusCode >= 500) {
      request.span?.set({ 'error.type': String(statusCode) });
      request.span?.fail(`answered ${statusCode}`);
    }
    request.span?.end();
  });
};

const parentOf = ({ headers }: FastifyRequest): string | undefined => {
  const { traceparent } = headers;
  return typeof traceparent === 'string' && isTraceparent(traceparent) ? traceparent : undefined;
};
