// Errors over HTTP: RFC 9457 problem+json, each kind with a code, a title and a status, named here once.
import { z } from 'zod';
import { verbSchema, vmStateSchema } from '../vm/vm-state.ts';

export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'invalid-json': { status: 400, title: 'The body is not JSON' },
  unauthenticated: { status: 401, title: 'No valid bearer token' },
  forbidden: { status: 403, title: "The token's role does not allow this" },
  'not-found': { status: 404, title: 'No such resource' },
  'vm-not-found': { status: 404, title: 'No such VM' },
  'operation-not-found': { status: 404, title: 'No such operation' },
  'console-not-available': { status: 404, title: 'The VM has no console yet' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'not-acceptable': { status: 406, title: 'No acceptable representation' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'invalid-command': { status: 409, title: 'The command is not valid' },
  'illegal-state': { status: 409, title: "The VM's state does not allow this" },
  'vm-exists': { status: 409, title: 'A VM of that id exists' },
  'vm-deleted': { status: 409, title: 'The VM is deleted' },
  'wrong-host': { status: 409, title: 'The command reached a host that does not own the VM' },
  superseded: { status: 409, title: "The failure this was to mend is no longer the VM's" },
  unsupported: { status: 409, title: 'The hypervisor cannot do this' },
  'image-not-found': { status: 409, title: 'No such image' },
  'hypervisor-not-available': { status: 409, title: 'No such hypervisor on the host' },
  'over-capacity': { status: 409, title: 'The host has no room' },
  'sequence-gone': { status: 410, title: 'Events that old are no longer kept' },
  'revision-mismatch': { status: 412, title: 'The VM has changed since' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'idempotency-mismatch': { status: 422, title: 'The Idempotency-Key was used with another body' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'too-many-waiting': { status: 429, title: 'Too many creates are waiting for a host' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong here' },
  'operation-failed': { status: 502, title: 'The operation failed' },
  'not-durable': { status: 503, title: 'The command could not be stored' },
  'log-unavailable': { status: 503, title: 'The log does not answer' },
  'read-model-behind': { status: 503, title: 'The read model has not caught up' },
  'host-unreachable': { status: 503, title: "The VM's host does not answer" },
  overloaded: { status: 503, title: 'Too much work in flight' },
  expired: { status: 504, title: 'The command was not started in time' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof PROBLEMS;
export const problemCodeSchema = z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]);

/** Each code with its HTTP status, for whoever reads the generated documents. */
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
