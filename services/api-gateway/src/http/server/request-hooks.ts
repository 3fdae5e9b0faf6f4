// The hooks around every request: its end, its requested and returned position, and its metrics.
import type { Metrics } from '@ironlog/service-kit';
import type { FastifyInstance } from 'fastify';
import {
  awaitPosition,
  decodePosition,
  encodePosition,
  POSITION_HEADER,
  type Position,
  type PositionReads,
  positionOf,
  type ReadsFrom,
} from '../headers/position.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The position of the answer's token: everything that the answer includes. */
    position: Position;
  }
  interface FastifyContextConfig {
    /** The read model's file of the route, in whose checkpoint a position is awaited. */
    readsFrom?: ReadsFrom;
  }
}

const NOWHERE: Position = { events: 0, work: 0 };

export interface RequestHookDeps {
  readonly reads: () => PositionReads;
  readonly metrics: Metrics;
}

export const registerRequestHooks = (app: FastifyInstance, { reads, metrics }: RequestHookDeps): void => {
  const total = metrics.counter('ironlog_http_requests_total');
  const duration = metrics.histogram('ironlog_http_request_duration_seconds');
  app.decorateRequest('principal', undefined);
  app.decorateRequest('position');
  app.decorateRequest('gone');

  app.addHook('onRequest', async (request, reply) => {
    request.position = NOWHERE;
    const gone = new AbortController();
    request.gone = gone.signal;
    reply.raw.once('close', () => gone.abort());
  });

  app.addHook('preHandler', async (request) => {
    const token = request.headers[POSITION_HEADER];
    if (typeof token === 'string') request.position = decodePosition(token);
    const { readsFrom } = request.routeOptions.config;
    if (!readsFrom) return;
    if (typeof token === 'string') await awaitPosition(reads(), request.position, readsFrom);
    const reached = positionOf(reads(), readsFrom);
    request.position = {
      events: Math.max(request.position.events, reached.events),
      work: Math.max(request.position.work, reached.work),
    };
  });

  app.addHook('onSend', async (request, reply) => {
    reply.header(POSITION_HEADER, encodePosition(request.position ?? NOWHERE));
  });

  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    total.inc({ method: request.method, route, status: String(reply.statusCode) });
    duration.observe({ method: request.method, route }, reply.elapsedTime / 1000);
  });
};
