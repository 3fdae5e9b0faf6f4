// The HTTP server: limits, hooks, errors and all routes; it listens only on request.
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { Logger, Tokens } from '@ironlog/service-kit';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { ROUTES } from '../../routes/all.ts';
import type { Api, App } from '../api.ts';
import { registerAuthentication } from '../auth/authenticate.ts';
import { registerOpenRequestLimits } from '../auth/open-request-limits.ts';
import { registerDocument, registerDocumentRoutes } from '../document/documentation.ts';
import { ProblemError, sendError } from '../problem.ts';
import { registerBodyTimeout } from './body-timeout.ts';
import { answerClientError } from './client-error.ts';
import { registerJsonBody } from './json-body.ts';
import { LIMITS } from './limits.ts';
import { registerMethods } from './methods.ts';
import { registerRequestHooks } from './request-hooks.ts';
import { registerRequestSpans } from './request-span.ts';
import '../context.ts';

export interface ServerDeps {
  readonly api: Api;
  readonly tokens: Tokens;
  readonly logger: Logger;
  readonly requestsPerSecond: number;
  /** The longest that a request may take to arrive, on a route that reads a long body. */
  readonly longBodyMs: number;
}

export const buildServer = async (deps: ServerDeps): Promise<App> => {
  const app = bareServer(deps);
  app.setErrorHandler(sendError);
  registerJsonBody(app);
  registerBodyTimeout(app);
  registerMethods(app);
  registerRequestSpans(app);
  registerRequestHooks(app, { reads: () => deps.api.reads, metrics: deps.api.metrics });
  await app.register(helmet);
  await app.register(underPressure, { maxEventLoopDelay: LIMITS.eventLoopDelayMs });
  await app.register(rateLimit, {
    max: deps.requestsPerSecond,
    timeWindow: 1_000,
    // By token, not by address: the tokens of one office must not slow each other down.
    keyGenerator: (request) => request.principal?.tokenId ?? request.ip,
    errorResponseBuilder: (_request, { after }) =>
      new ProblemError(
        'too-many-requests',
        `more than ${deps.requestsPerSecond} requests a second; try again in ${after}`,
      ),
  });
  registerAuthentication(app, { tokens: deps.tokens, metrics: deps.api.metrics });
  registerOpenRequestLimits(app, LIMITS);
  await registerDocument(app);
  for (const route of ROUTES) route(app, deps.api);
  await registerDocumentRoutes(app);
  await app.ready();
  return app;
};

const bareServer = ({ logger, longBodyMs }: Pick<ServerDeps, 'logger' | 'longBodyMs'>): App => {
  const app = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    // Requests are counted in metrics; a failure is logged where it occurs.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LIMITS.bodyBytes,
    // Node's bound is one for all routes; body-timeout.ts has the others'.
    requestTimeout: Math.max(LIMITS.requestTimeoutMs, longBodyMs),
    keepAliveTimeout: LIMITS.keepAliveTimeoutMs,
    routerOptions: { maxParamLength: LIMITS.pathPartCharacters },
    // Streams end with the service, not after it.
    forceCloseConnections: true,
    http: {
      headersTimeout: LIMITS.headersTimeoutMs,
      maxHeaderSize: LIMITS.headerBytes,
      connectionsCheckingInterval: LIMITS.checkEveryMs,
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: sendError,
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = LIMITS.connections;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  return app;
};
