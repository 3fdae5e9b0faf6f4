// A VM in the API.
import { z } from 'zod';
import { commandIdSchema, eventIdSchema, hostIdSchema, tenantIdSchema, vmIdSchema } from '../ids/ids.ts';
import { timestampSchema } from '../ids/time.ts';
import { imageManifestSchema } from '../images/image-manifest.ts';
import { vmSpecSchema } from '../vm/vm-spec.ts';
import {
  healthSchema,
  hypervisorKindSchema,
  residueSchema,
  stopCauseSchema,
  verbSchema,
  vmStateSchema,
} from '../vm/vm-state.ts';

export const taskSchema = z.strictObject({
  verb: verbSchema,
  operationId: commandIdSchema,
  startedAt: timestampSchema,
  deadline: timestampSchema,
});
export const failureSchema = z.strictObject({
  eventId: eventIdSchema,
  event: z.string(),
  at: timestampSchema,
  stage: z.string(),
  reason: z.string(),
  retryable: z.boolean(),
  residue: z.array(residueSchema),
});
export const attentionSchema = z.strictObject({
  kind: z.string(),
  since: timestampSchema,
  reason: z.string(),
  actionRequired: z.string(),
});
export const lastStopSchema = z.strictObject({
  eventId: eventIdSchema,
  cause: stopCauseSchema,
  at: timestampSchema,
  forced: z.boolean(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
});

export const vmViewSchema = z.strictObject({
  id: vmIdSchema,
  tenant: tenantIdSchema,
  name: z.string(),
  state: vmStateSchema,
  task: taskSchema.nullable(),
  health: healthSchema.describe('unknown: it does not run, or its host sends no heartbeats'),
  epoch: z.int(),
  readyAt: timestampSchema
    .nullable()
    .describe('When the guest of this epoch printed what spec.ready names; null: not yet, or nothing is named'),
  host: hostIdSchema.nullable(),
  hypervisor: hypervisorKindSchema.nullable(),
  spec: vmSpecSchema.nullable(),
  /** What it was made of, where its image was uploaded. */
  image: imageManifestSchema.optional(),
  failure: failureSchema.nullable(),
  attention: attentionSchema.nullable(),
  lastStop: lastStopSchema.nullable(),
  revision: z.int(),
  sequence: z.int(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
  deletedAt: timestampSchema.nullable(),
  allowedActions: z.array(verbSchema),
  links: z.strictObject({ self: z.string(), events: z.string(), console: z.string() }),
});
export type VmView = z.infer<typeof vmViewSchema>;
