// A command that changed nothing: its rejection is stored outside any VM's chain.
import { z } from 'zod';
import { requestSchema } from '../commands/commands.ts';
import { commandIdSchema, tenantIdSchema, vmIdSchema } from '../ids/ids.ts';
import { verbSchema, vmStateSchema } from '../vm/vm-state.ts';
import { eventEnvelopeSchema } from './envelope.ts';

export const REJECTION_CODES = [
  'invalid-command',
  'vm-not-found',
  'vm-exists',
  'illegal-state',
  'revision-mismatch',
  'superseded',
  'unsupported',
  'image-not-found',
  'hypervisor-not-available',
  'over-capacity',
  'vm-deleted',
  'wrong-host',
  'too-many-waiting',
  'expired',
] as const;
export const rejectionCodeSchema = z.enum(REJECTION_CODES);
export type RejectionCode = z.infer<typeof rejectionCodeSchema>;

export const rejectionSchema = z.strictObject({
  code: rejectionCodeSchema,
  reason: z.string().max(2000),
  currentState: vmStateSchema.or(z.literal('absent')).optional(),
  allowed: z.array(verbSchema).optional(),
});
export type Rejection = z.infer<typeof rejectionSchema>;

export const COMMAND_REJECTED_TYPE = 'ironlog.command.rejected.v1';
export const commandRejectedSchema = eventEnvelopeSchema.extend({
  type: z.literal(COMMAND_REJECTED_TYPE),
  tenant: tenantIdSchema,
  /** The requested VM's id; absent if none could be read from the published message. */
  subject: vmIdSchema.optional(),
  causationid: commandIdSchema,
  correlationid: commandIdSchema,
  data: rejectionSchema.extend({
    /** `verb` and `bodyHash` are absent if they could not be read from the message. */
    request: requestSchema.partial({ bodyHash: true, verb: true }),
  }),
});
export type CommandRejected = z.infer<typeof commandRejectedSchema>;
