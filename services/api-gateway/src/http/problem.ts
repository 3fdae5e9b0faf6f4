// Every HTTP error: RFC 9457 problem+json with a code, and never a stack trace.
import { LogUnavailableError } from '@ironlog/event-log';
import { ReadModelNotReady } from '@ironlog/read-model';
import {
  type OperationError,
  PROBLEMS,
  type Problem,
  type ProblemCode,
  problemCodeSchema,
  problemSchema,
} from '@ironlog/schemas';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import type { Issue } from '../accept/submission.ts';
import { ReadBehind, ReadRefused } from '../read-workers/refused.ts';
import { LIMITS } from './server/limits.ts';

export const PROBLEM_TYPE = 'application/problem+json';

type Extra = Partial<Pick<Problem, 'currentState' | 'allowedActions' | 'retryable' | 'operationId'>> & {
  readonly errors?: readonly Issue[];
};

/** Thrown by routes and hooks, and answered by `sendError`: the one exception for an expected outcome. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly extra: Extra;
  readonly statusCode: number;
  constructor(code: ProblemCode, detail: string, extra: Extra = {}) {
    super(detail);
    this.name = 'ProblemError';
    this.code = code;
    this.extra = extra;
    this.statusCode = PROBLEMS[code].status;
  }
}

/** The problem of a rejected or failed operation, for a caller who waited for it. */
export const problemOfOutcome = (
  status: 'rejected' | 'failed' | 'expired',
  error: OperationError | undefined,
  operationId: string,
): ProblemError => {
  const code =
    status === 'failed'
      ? 'operation-failed'
      : status === 'expired'
        ? 'expired'
        : (problemCodeSchema.safeParse(error?.code).data ?? 'invalid-command');
  return new ProblemError(code, error?.reason ?? `the operation ${status}`, {
    operationId,
    ...(error?.currentState && { currentState: error.currentState }),
    ...(error?.allowed && { allowedActions: error.allowed }),
    ...(error?.retryable !== undefined && { retryable: error.retryable }),
  });
};

/** Temporary problems, marked as such. */
const RETRYABLE: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'too-many-requests',
  'too-many-waiting',
  'not-durable',
  'log-unavailable',
  'read-model-behind',
  'host-unreachable',
  'overloaded',
  'request-timeout',
]);

/** `instance` is the path without its query, which may hold a secret. */
export const problemBody = (error: ProblemError, instance: string, traceId?: string): Problem => {
  const { errors, ...extra } = error.extra;
  return {
    type: `urn:ironlog:problem:${error.code}`,
    title: PROBLEMS[error.code].title,
    status: error.statusCode,
    detail: error.message.slice(0, 2000),
    instance,
    code: error.code,
    ...(RETRYABLE.has(error.code) && { retryable: true }),
    ...extra,
    ...(errors && { errors: errors.map(({ path, message }) => ({ path, message })) }),
    ...(traceId && { traceId }),
  };
};

const BY_FASTIFY_CODE: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid-request', 'the length of the body differs from Content-Length'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'send application/json'],
  FST_ERR_CTP_INVALID_TYPE: ['unsupported-media-type', 'send application/json'],
  FST_ERR_BAD_URL: ['invalid-request', 'the path is not a valid URL path'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'a part of the path is too long to name anything'],
  // The documentation's files: paths that @fastify/static refuses (a NUL, a backslash, a name that is too long).
  FST_STATIC_FORBIDDEN_PATH: ['not-found', 'there is nothing at this path'],
  FST_UNDER_PRESSURE: ['overloaded', 'this gateway is overloaded; try again shortly'],
};

const tooLarge = ({ headers }: FastifyRequest): ProblemError => {
  const announced = headers['content-length'];
  const size = announced === undefined ? `more than ${LIMITS.bodyBytes}` : announced;
  return new ProblemError(
    'payload-too-large',
    `the body has ${size} bytes; at most ${LIMITS.bodyBytes} bytes are taken`,
  );
};

/** The error as a problem; undefined: a caller cannot have caused it. */
const known = (error: FastifyError, request: FastifyRequest): ProblemError | undefined => {
  if (error instanceof ProblemError) return error;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(request);
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.slice(0, 20).map(({ instancePath, message }) => ({
      path: [error.validationContext ?? 'request', ...instancePath.split('/').filter(Boolean)].join('.'),
      message: message ?? 'is not valid',
    }));
    return new ProblemError('invalid-request', errors.map(({ path, message }) => `${path}: ${message}`).join('; '), {
      errors,
    });
  }
  const mapped = BY_FASTIFY_CODE[error.code];
  if (mapped) return new ProblemError(...mapped);
  if (error instanceof ReadModelNotReady)
    return new ProblemError('read-model-behind', 'the read model is not there yet; try again in a moment');
  if (error instanceof ReadRefused) return new ProblemError('overloaded', error.message);
  if (error instanceof ReadBehind) return new ProblemError('read-model-behind', error.message);
  if (error instanceof LogUnavailableError)
    return new ProblemError('log-unavailable', 'NATS does not answer, and this needs the log; try again shortly');
  // The framework's and its plugins' other refusals are the request's fault; their message has the reason.
  if (error.code?.startsWith('FST_') && isClientError(error.statusCode))
    return new ProblemError('invalid-request', error.message);
  return undefined;
};

const isClientError = (status: number | undefined): boolean => status !== undefined && status >= 400 && status < 500;

export const sendError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
  const problem = isResponseSerializationError(error) ? undefined : known(error, request);
  if (!problem)
    request.log.error(
      { err: error, route: request.routeOptions.url, method: request.method },
      'a request failed with an internal error',
    );
  sendProblem(
    problem ?? new ProblemError('internal', 'an internal error; the log has it under this traceId'),
    request,
    reply,
  );
};

export const sendProblem = (problem: ProblemError, request: FastifyRequest, reply: FastifyReply): void => {
  const body = problemBody(problem, request.url.split('?', 1)[0] ?? '/', request.traceparent?.split('-')[1]);
  if (problem.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="ironlog"');
  if (body.retryable && problem.statusCode !== 409) reply.header('retry-after', '1');
  // As text, without the route's response schemas: an error must not depend on the route.
  reply
    .code(problem.statusCode)
    .type(PROBLEM_TYPE)
    .serializer(String)
    .send(JSON.stringify(problemSchema.parse(body)));
};
