// The documented request and response headers of each route, from its configuration.
import { MAX_WAIT_SECONDS } from '@ironlog/schemas';
import type { FastifyContextConfig } from 'fastify';
import { POSITION_PATTERN } from '../headers/position.ts';

interface Header {
  readonly type: 'string' | 'integer';
  readonly description: string;
  readonly pattern?: string;
  readonly examples?: readonly (string | number)[];
}
type Headers = Readonly<Record<string, Header>>;

export interface DocumentedRoute {
  readonly url: string;
  readonly config: FastifyContextConfig;
}

const TRACEPARENT: Header = {
  type: 'string',
  description: 'W3C Trace Context: the request, and all that it causes, continues this trace.',
  examples: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
};
const POSITION: Header = {
  type: 'string',
  pattern: POSITION_PATTERN,
  description: 'An opaque token for a position in the log: send it with a GET to read at least up to it.',
  examples: ['1.5.1'],
};
const PREFER: Header = {
  type: 'string',
  pattern: '^wait=\\d{1,4}$',
  description: `wait=<seconds>: answer with the outcome if there is one within this time, at most ${MAX_WAIT_SECONDS} seconds.`,
  examples: ['wait=20'],
};
/** A distinct example per route: one key for two requests is a 422. */
const idempotencyKeyOf = (url: string): Header => ({
  type: 'string',
  pattern: '^[\\x21-\\x7e]{1,200}$',
  description:
    'The same key and request is the same operation, however often it is sent; with another request it is a 422.',
  examples: [`order-7${url.replaceAll('/', '-').replace(':id', 'vm')}`],
});
const IF_MATCH: Header = {
  type: 'string',
  pattern: '^(\\*|(W/)?"\\d{1,15}")$',
  description: 'The ETag of an answer: the command runs only at that revision of the VM, else it is a 412.',
  examples: ['"3"'],
};
const LAST_EVENT_ID: Header = {
  type: 'string',
  pattern: '^\\d{1,15}$',
  description: "The id of the last frame received: the stream continues after it. One after the log's end is a 400.",
  examples: ['42'],
};

/** The request headers of the route. */
export const requestHeaders = ({ url, config }: DocumentedRoute): Headers => ({
  ...(config.access === 'command' && { Prefer: PREFER, 'Idempotency-Key': idempotencyKeyOf(url) }),
  ...(config.access === 'command' && url.includes(':id') && { 'If-Match': IF_MATCH }),
  ...(config.readsFrom && { 'Ironlog-Position': POSITION }),
  ...((config.resumable || config.followable) && { 'Last-Event-ID': LAST_EVENT_ID }),
  ...(config.access !== 'public' && { traceparent: TRACEPARENT }),
});

const LOCATION: Header = {
  type: 'string',
  description: 'The URL of the operation.',
  examples: ['/v1/operations/cmd-01m85prcnck1kz8528v3c2mcn1'],
};
const MADE_AT: Header = {
  type: 'string',
  description: 'Where what was made is.',
  examples: ['/v1/images/alpine-1'],
};
const APPLIED: Header = {
  type: 'string',
  description: 'The preferences that were applied; only when Prefer was sent.',
  examples: ['wait=20'],
};
const ETAG: Header = { type: 'string', description: "The VM's revision, for If-Match.", examples: ['"3"'] };
const RETRY_AFTER: Header = {
  type: 'integer',
  description: 'Seconds until the same request may succeed: 408, 429 and 503.',
  examples: [1],
};
const ALLOW: Header = { type: 'string', description: 'With a 405: the methods that the path supports.' };
const AUTHENTICATE: Header = { type: 'string', description: 'With a 401: Bearer.' };

/** The headers of an answer with `status` (`200`, `4xx`). */
export const responseHeaders = ({ config }: DocumentedRoute, status: string): Headers => {
  const position = { 'Ironlog-Position': POSITION };
  if (status === '4xx')
    return { ...position, 'Retry-After': RETRY_AFTER, Allow: ALLOW, 'WWW-Authenticate': AUTHENTICATE };
  if (status === '5xx') return { ...position, 'Retry-After': RETRY_AFTER };
  return {
    ...position,
    ...(config.access === 'command' && { Location: LOCATION, 'Preference-Applied': APPLIED }),
    ...(status === '201' && { Location: MADE_AT }),
    ...(config.answersEtag && { ETag: ETAG }),
  };
};
