// Commands: each verb's parameters, the accepted command on `work`, and a client's message on `cmd`.
import { z } from 'zod';
import { actorSchema, envelopeSchema, hashSchema, traceparentSchema } from '../events/envelope.ts';
import { commandIdSchema, eventIdSchema, tenantIdSchema, vmIdSchema } from '../ids/ids.ts';
import { timestampSchema } from '../ids/time.ts';
import { imageManifestSchema } from '../images/image-manifest.ts';
import { vmSpecSchema } from '../vm/vm-spec.ts';
import { verbSchema } from '../vm/vm-state.ts';

/** Time that a command may wait for its intent when the client sets no `startBy`. */
export const DEFAULT_START_WITHIN_SECONDS = 600;
/** The furthest that a client's `startBy` may lie ahead. */
export const MAX_START_WITHIN_SECONDS = 86_400;

const nothing = z.strictObject({});
/** What the command goes on to, beyond what its verb does: `ready` needs `spec.ready`. */
export const untilSchema = z.literal('ready');
export type Until = z.infer<typeof untilSchema>;
export const verbParams = {
  create: z.strictObject({
    spec: vmSpecSchema.prefault({}),
    start: z.boolean().default(false),
    until: untilSchema
      .optional()
      .describe(
        'ready: the operation ends when the guest is ready, or has not been in time; needs start and spec.ready',
      ),
  }),
  boot: z.strictObject({
    until: untilSchema
      .optional()
      .describe('ready: the operation ends when the guest is ready, or has not been in time; needs spec.ready'),
  }),
  shutdown: z.strictObject({
    mode: z.enum(['graceful', 'force']).default('graceful'),
    timeoutSeconds: z.int().min(1).max(3600).default(30),
  }),
  pause: nothing,
  resume: nothing,
  reboot: z.strictObject({ force: z.boolean().default(false), timeoutSeconds: z.int().min(1).max(3600).default(30) }),
  delete: z.strictObject({ force: z.boolean().default(false) }),
  cleanup: nothing,
  snapshot: nothing,
  restore: nothing,
} as const;

export type VerbParams = { [V in keyof typeof verbParams]: z.infer<(typeof verbParams)[V]> };

const action = <V extends keyof typeof verbParams>(verb: V) =>
  z.strictObject({ verb: z.literal(verb), params: verbParams[verb] });
/** A verb with its parameters. */
export const actionSchema = z.discriminatedUnion('verb', [
  action('create'),
  action('boot'),
  action('shutdown'),
  action('pause'),
  action('resume'),
  action('reboot'),
  action('delete'),
  action('cleanup'),
  action('snapshot'),
  action('restore'),
]);
export type Action = z.infer<typeof actionSchema>;

export const doorSchema = z.enum(['http', 'nats', 'recovery']);
export type Door = z.infer<typeof doorSchema>;

/** The part of a request that is stored for good; intents, rejections and expiries carry it. */
export const requestSchema = z.strictObject({
  verb: verbSchema,
  door: doorSchema,
  requestedAt: timestampSchema,
  startBy: timestampSchema,
  bodyHash: hashSchema,
  /** The root failure that this command is to recover from; a stale one is rejected as `superseded`. */
  ifFailure: eventIdSchema.optional(),
});
export type Request = z.infer<typeof requestSchema>;

/** An accepted command, as stored on `ironlog.work.<host|any>.<tenant>.<vm>.<verb>`. */
export const workCommandSchema = envelopeSchema.extend({
  id: commandIdSchema,
  subject: vmIdSchema,
  type: z.string().regex(/^ironlog\.vm\.[a-z]+\.v1$/),
  tenant: tenantIdSchema,
  correlationid: commandIdSchema,
  data: z.strictObject({
    action: actionSchema,
    request: requestSchema,
    /** The image that the spec names, as it was on record when the command was accepted; absent: one of the host's own. */
    image: imageManifestSchema.optional(),
    /** `If-Match`: the VM's revision that the caller has read. */
    expectedRevision: z.int().min(0).optional(),
    /** How often the command has been routed again; 0 at first. */
    round: z.int().min(0).default(0),
  }),
});
export type WorkCommand = z.infer<typeof workCommandSchema>;

/** The body of the NATS ingress; an empty one is a command with every default. Tenant, VM and verb come from the subject. */
export const ingressCommandSchema = z.strictObject({
  id: commandIdSchema.optional(),
  params: z.unknown().optional(),
  startBy: timestampSchema.optional(),
  expectedRevision: z.int().min(0).optional(),
  traceparent: traceparentSchema.optional(),
});
export type IngressCommand = z.infer<typeof ingressCommandSchema>;

export const commandActorSchema = actorSchema;
