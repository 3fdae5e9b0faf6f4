// `Prefer: wait=N` (RFC 7240), `If-Match` and `Idempotency-Key`.
import { MAX_WAIT_SECONDS } from '@ironlog/schemas';
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../problem.ts';

const wrong = (header: string, message: string): ProblemError =>
  new ProblemError('invalid-request', `${header} ${message}`, {
    errors: [{ path: `headers.${header.toLowerCase()}`, message }],
  });

const single = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

/** Seconds to wait, at most MAX_WAIT_SECONDS; undefined: not requested. Other preferences are ignored, as the RFC allows. */
export const preferredWait = (request: FastifyRequest): number | undefined => {
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?(?=$|[,;\s])/i.exec(single(request, 'prefer') ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), MAX_WAIT_SECONDS);
};

/** The revision in `If-Match`, as in `ETag`; `*` requires only that the VM exists, which every command does. */
export const expectedRevision = (request: FastifyRequest): number | undefined => {
  const value = single(request, 'if-match')?.trim();
  if (value === undefined || value === '*') return undefined;
  const revision = /^(?:W\/)?"(\d{1,15})"$/.exec(value)?.[1];
  if (revision === undefined) throw wrong('If-Match', 'must be one ETag of an answer, like "3"');
  return Number(revision);
};

/** 1 to 200 printable ASCII characters. */
export const idempotencyKey = (request: FastifyRequest): string | undefined => {
  const key = single(request, 'idempotency-key');
  if (key !== undefined && !/^[\x21-\x7e]{1,200}$/.test(key))
    throw wrong('Idempotency-Key', 'must be 1-200 printable ASCII characters without spaces');
  return key;
};

export const etagOf = ({ revision }: { readonly revision: number }): string => `"${revision}"`;
