// Errors over HTTP: RFC 9457 problem+json, each kind with a code, a title and a status, defined once here.
import { z } from 'zod';
import { verbSchema, vmStateSchema } from '../vm/vm-state.ts';

/** Each code's title, by its HTTP status. */
const TITLES = {
  400: {
    'invalid-request': 'The request is not valid',
    'invalid-json': 'The body is not JSON',
  },
  401: {
    unauthenticated: 'No valid bearer token',
  },
  403: {
    forbidden: "The token's role does not allow this",
  },
  404: {
    'not-found': 'No such resource',
    'vm-not-found': 'No such VM',
    'operation-not-found': 'No such operation',
    'console-not-available': 'The VM has no console yet',
  },
  405: {
    'method-not-allowed': 'The method is not allowed here',
  },
  406: {
    'not-acceptable': 'No acceptable representation',
  },
  408: {
    'request-timeout': 'The request took too long to arrive',
  },
  409: {
    'invalid-command': 'The command is not valid',
    'illegal-state': "The VM's state does not allow this",
    'vm-exists': 'A VM of that id exists',
    'vm-deleted': 'The VM is deleted',
    'wrong-host': 'The command reached a host that does not own the VM',
    superseded: 'The VM no longer has the failure that this was for',
    unsupported: 'The hypervisor cannot do this',
    'image-not-found': 'No such image',
    'image-exists': 'Another image of that id exists',
    'image-in-use': 'A VM uses the image',
    'hypervisor-not-available': 'No such hypervisor on the host',
    'over-capacity': 'The host has no room',
  },
  410: {
    'sequence-gone': 'Events that old are no longer kept',
  },
  412: {
    'revision-mismatch': 'The VM has changed since',
  },
  413: {
    'payload-too-large': 'The body is too large',
  },
  415: {
    'unsupported-media-type': 'The media type is not taken here',
  },
  417: {
    'expectation-failed': 'The expectation of the request cannot be met',
  },
  422: {
    'idempotency-mismatch': 'The Idempotency-Key was used with another body',
  },
  429: {
    'too-many-requests': 'Too many requests',
    'too-many-waiting': 'Too many creates are waiting for a host',
  },
  431: {
    'headers-too-large': 'The headers are too large',
  },
  500: {
    internal: 'Something went wrong here',
  },
  502: {
    'operation-failed': 'The operation failed',
  },
  503: {
    'not-durable': 'The command could not be stored',
    'log-unavailable': 'The log does not answer',
    'read-model-behind': 'The read model has not caught up',
    'host-unreachable': "The VM's host does not answer",
    overloaded: 'Too much work in flight',
  },
  504: {
    expired: 'The command was not started in time',
  },
} as const;
type Titles = typeof TITLES;
export type ProblemCode = { [Status in keyof Titles]: keyof Titles[Status] }[keyof Titles];

export const PROBLEMS = Object.fromEntries(
  Object.entries(TITLES).flatMap(([status, titles]) =>
    Object.entries(titles).map(([code, title]) => [code, { status: Number(status), title }]),
  ),
) as Readonly<Record<ProblemCode, { readonly status: number; readonly title: string }>>;
export const problemCodeSchema = z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]);

/** Each code with its HTTP status, for the generated documents. */
const codesInWords = Object.entries(PROBLEMS)
  .map(([code, { status, title }]) => `${code} (${status}): ${title}`)
  .join('; ');

export const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: problemCodeSchema.describe(codesInWords),
    currentState: vmStateSchema.or(z.literal('absent')).optional(),
    allowedActions: z.array(verbSchema).optional(),
    retryable: z.boolean().optional(),
    traceId: z.string().optional(),
    operationId: z.string().optional(),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({
    examples: [
      {
        type: 'urn:ironlog:problem:illegal-state',
        title: PROBLEMS['illegal-state'].title,
        status: 409,
        detail: 'boot is not allowed while the VM is running',
        instance: '/v1/vms/web-1/boot',
        code: 'illegal-state',
        currentState: 'running',
        allowedActions: ['shutdown', 'pause', 'reboot', 'delete'],
        traceId: '0af7651916cd43dd8448eb211c80319c',
        operationId: 'cmd-01m85prcnck1kz8528v3c2mcn1',
      },
    ],
  });
export type Problem = z.infer<typeof problemSchema>;
