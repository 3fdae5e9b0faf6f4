// An operation: the life of one command for its sender. A fold of EVENTS, plus WORK while it is pending.
import { z } from 'zod';
import { actorSchema } from '../events/envelope.ts';
import { commandIdSchema, tenantIdSchema, vmIdSchema } from '../ids/ids.ts';
import { timestampSchema } from '../ids/time.ts';
import { verbSchema, vmStateSchema } from '../vm/vm-state.ts';

export const OPERATION_STATUSES = ['pending', 'running', 'succeeded', 'failed', 'rejected', 'expired'] as const;
export const operationStatusSchema = z.enum(OPERATION_STATUSES);
export type OperationStatus = z.infer<typeof operationStatusSchema>;

export const operationErrorSchema = z.strictObject({
  code: z.string(),
  reason: z.string(),
  currentState: vmStateSchema.or(z.literal('absent')).optional(),
  allowed: z.array(verbSchema).optional(),
  retryable: z.boolean().optional(),
});
export type OperationError = z.infer<typeof operationErrorSchema>;

export const operationSchema = z.strictObject({
  id: commandIdSchema,
  vmId: vmIdSchema.nullable().describe('null: a rejected message on NATS whose subject names no valid VM'),
  tenant: tenantIdSchema,
  verb: verbSchema.nullable().describe('null: a rejected message on NATS whose subject names no valid verb'),
  actor: actorSchema,
  status: operationStatusSchema,
  requestedAt: timestampSchema,
  startBy: timestampSchema,
  startedAt: timestampSchema.nullable(),
  finishedAt: timestampSchema.nullable(),
  /** The stream sequence of the event that last changed it; null while only WORK has it. */
  sequence: z.int().nullable(),
  error: operationErrorSchema.optional(),
  waitingFor: z
    .string()
    .optional()
    .describe(
      'While it is pending: why no host fits, or the silent host that it was sent to; while it runs: the image that its host is fetching, and how far it is',
    ),
  links: z.strictObject({ self: z.string(), vm: z.string().nullable(), events: z.string().nullable() }),
});
export type Operation = z.infer<typeof operationSchema>;
