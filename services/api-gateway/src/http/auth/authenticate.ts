// Authenticates a request by its bearer token, before its body is read; a refused request's body is not parsed.
import type { Authentication, Metrics, Principal, Tokens } from '@ironlog/service-kit';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { ProblemError } from '../problem.ts';
import { mayAccess, rolesFor } from './access.ts';

const WHY: Readonly<Record<string, string>> = {
  missing: 'send a token: Authorization: Bearer <token>',
  malformed: 'the Authorization header is not of the form: Bearer <token>',
  unknown: 'the token is not known here, or was revoked',
  expired: 'the token has expired',
};
/** Refused tokens per address and ten seconds, after which the address must wait: this limits guessing. */
const MAX_REFUSED = 500;
const REFUSED_WINDOW_MS = 10_000;

export interface AuthenticateDeps {
  readonly tokens: Tokens;
  readonly metrics: Metrics;
}

export const registerAuthentication = (app: FastifyInstance, { tokens, metrics }: AuthenticateDeps): void => {
  const refusedCount = metrics.counter('ironlog_authentications_refused_total');
  const limitRefused = app.createRateLimit({ max: MAX_REFUSED, timeWindow: REFUSED_WINDOW_MS });

  const refuse = async (request: FastifyRequest, code: string): Promise<never> => {
    refusedCount.inc({ code });
    if (code === 'unavailable') throw problemOf(code);
    const limit = await limitRefused(request);
    if (!limit.isAllowed && limit.isExceeded)
      throw new ProblemError('too-many-requests', `too many refused tokens from ${request.ip}; wait some seconds`);
    throw problemOf(code);
  };

  app.decorateRequest('refusal', () => undefined);
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.addHook('onReady', async () => {
    const silent = routes.filter(({ config }) => config?.access === undefined);
    if (silent.length > 0)
      throw new Error(`routes without an access setting: ${silent.map(({ url }) => url).join(', ')}`);
  });
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config;
    if (access === 'public') return;
    const authentication = tokens.authenticate(request.headers.authorization);
    if (!authentication.ok) return refuse(request, authentication.code);
    const { principal } = authentication;
    request.principal = principal;
    request.refusal = () => changeOf(principal, tokens.authenticate(request.headers.authorization));
    // An unknown path is a 404 for any valid token.
    if (access === undefined || mayAccess(principal.role, access)) return;
    throw new ProblemError(
      'forbidden',
      `this needs role ${rolesFor(access).join(' or ')}; the token has ${principal.role}`,
    );
  });
};

const problemOf = (code: string): ProblemError =>
  code === 'unavailable'
    ? new ProblemError('overloaded', 'tokens cannot be checked at present')
    : new ProblemError('unauthenticated', WHY[code] ?? 'the token is not valid');

/** P9: an open answer was begun for one tenant and one role, and ends when either changes. */
const changeOf = (before: Principal, now: Authentication): ProblemError | undefined => {
  if (!now.ok) return problemOf(now.code);
  const { tenant, role } = now.principal;
  return tenant === before.tenant && role === before.role
    ? undefined
    : new ProblemError('forbidden', 'the token now has another tenant or role; send the request again');
};
