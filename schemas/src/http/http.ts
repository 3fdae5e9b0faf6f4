// What HTTP takes and gives: query strings, bodies and answers of every route, unknown fields refused.
import { z } from 'zod';
import { MAX_START_WITHIN_SECONDS, verbParams } from '../commands/commands.ts';
import { catalogueImageSchema, heartbeatSchema } from '../events/host-events.ts';
import { commandIdSchema, hostIdSchema, imageIdSchema, tenantIdSchema, vmIdSchema } from '../ids/ids.ts';
import { timestampSchema } from '../ids/time.ts';
import { imageManifestSchema } from '../images/image-manifest.ts';
import { type Verb, vmStateSchema } from '../vm/vm-state.ts';
import { operationSchema, operationStatusSchema } from './operations.ts';
import { attentionSchema, vmViewSchema } from './vm-view.ts';

/** Longest `timeout` or `Prefer: wait`, in seconds. */
export const MAX_WAIT_SECONDS = 60;
const MAX_PAGE = 500;

const startBy = timestampSchema
  .optional()
  .describe(
    `The command expires when no host has begun by then; at most ${MAX_START_WITHIN_SECONDS} seconds ahead, by default 600`,
  );

/** `POST /v1/vms`. */
export const createBodySchema = verbParams.create.extend({ id: vmIdSchema.optional(), startBy }).meta({
  examples: [{ id: 'web-1', start: true, spec: { name: 'front', labels: { tier: 'web' }, cpus: 2, memoryMiB: 512 } }],
});
/** The verbs that are `POST /v1/vms/{id}/<verb>`; `create` and `delete` have methods of their own. */
export const HTTP_VERBS = [
  'boot',
  'shutdown',
  'pause',
  'resume',
  'reboot',
  'cleanup',
  'snapshot',
  'restore',
] as const satisfies readonly Verb[];
export type HttpVerb = (typeof HTTP_VERBS)[number];
/** The body of each; none at all is one with every default. */
export const verbBodySchemas = {
  boot: verbParams.boot.extend({ startBy }).prefault({}),
  shutdown: verbParams.shutdown.extend({ startBy }).prefault({}),
  pause: verbParams.pause.extend({ startBy }).prefault({}),
  resume: verbParams.resume.extend({ startBy }).prefault({}),
  reboot: verbParams.reboot.extend({ startBy }).prefault({}),
  cleanup: verbParams.cleanup.extend({ startBy }).prefault({}),
  snapshot: verbParams.snapshot.extend({ startBy }).prefault({}),
  restore: verbParams.restore.extend({ startBy }).prefault({}),
} as const satisfies Record<HttpVerb, z.ZodType>;

// Query strings are text: numbers and booleans are read from exactly one spelling each, and described as what they are
// read as (`reads`, which the OpenAPI document takes over).
const whole = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, { error: 'must be a whole number' })
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
    .meta({ reads: { type: 'integer', minimum, maximum } });
const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .meta({ reads: { type: 'boolean' } });
const sequence = whole(0, Number.MAX_SAFE_INTEGER);
const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,200}$/, { error: 'must be a nextCursor that an earlier answer gave' })
  .describe('The nextCursor of an earlier answer to the same list; anything else is a 400')
  .optional();
const page = { limit: whole(1, MAX_PAGE).default(100), cursor };
const timeout = whole(0, MAX_WAIT_SECONDS).default(30);

export const vmParamsSchema = z.strictObject({ id: vmIdSchema });
export const operationParamsSchema = z.strictObject({ id: commandIdSchema });
export const noQuerySchema = z.strictObject({});

const LABEL_PARAMETER = /^label\.[a-zA-Z0-9][a-zA-Z0-9._/-]{0,62}$/;
const MAX_LABEL = 63;
const labelFilter = z
  .record(z.string(), z.string().max(MAX_LABEL), { error: 'give each as label.<key>=<value>' })
  .optional()
  .meta({
    description:
      'Only VMs with all of these labels. Each is a parameter of its own, label.<key>=<value>: the keys of this object are the names of the parameters.',
    examples: [{ 'label.tier': 'web' }],
    reads: {
      type: 'object',
      propertyNames: { type: 'string', pattern: LABEL_PARAMETER.source },
      additionalProperties: { type: 'string', maxLength: MAX_LABEL },
    },
  });
/** `label.<key>=<value>` parameters are free in their key, so they are gathered into `labels` here. */
export const listVmsQuerySchema = z.preprocess(
  (query) => {
    if (typeof query !== 'object' || query === null) return query;
    const entries = Object.entries(query);
    const labels = entries
      .filter(([key]) => LABEL_PARAMETER.test(key))
      .map(([key, value]) => [key.slice('label.'.length), value] as const);
    const others = entries.filter(([key]) => !LABEL_PARAMETER.test(key));
    return Object.fromEntries([
      ...others,
      // `labels` itself is no parameter: it is left to be refused.
      ...(labels.length > 0 && !('labels' in query) ? [['labels', Object.fromEntries(labels)] as const] : []),
    ]);
  },
  z.strictObject({
    state: vmStateSchema.optional(),
    host: hostIdSchema.optional(),
    labels: labelFilter,
    q: z.string().max(100).optional().describe('Part of the name or the id, in capitals or not'),
    includeDeleted: flag.default(false),
    ...page,
  }),
);
export const getVmQuerySchema = z
  .strictObject({
    at: timestampSchema.optional().describe('The VM as it was then; not with sequence, and not in the future (400)'),
    sequence: sequence.optional().describe("The VM as of this entry; not with at, and not after the log's end (400)"),
  })
  .refine(({ at, sequence: number }) => at === undefined || number === undefined, {
    error: 'give at or sequence, not both',
  });
/** Without the default, which is the command's own: what was not sent is not in the request's hash. */
export const deleteVmQuerySchema = z.strictObject({
  force: flag.optional().meta({ reads: { type: 'boolean', default: false } }),
});
export const vmEventsQuerySchema = z.strictObject({
  after: sequence.default(0),
  limit: whole(1, MAX_PAGE).default(100),
});
export const consoleQuerySchema = z.strictObject({
  tail: whole(1, 65_536).default(16_384).describe('Bytes from the end'),
});
export const waitVmQuerySchema = z.strictObject({ state: vmStateSchema, after: sequence.optional(), timeout });
export const listOperationsQuerySchema = z.strictObject({
  vmId: vmIdSchema.optional(),
  status: operationStatusSchema.optional(),
  ...page,
});
export const waitOperationQuerySchema = z.strictObject({ timeout });
export const eventsQuerySchema = z
  .strictObject({
    after: sequence
      .optional()
      .describe("Only events after this sequence; not with from, and not after the log's end (400)"),
    from: z.literal('now').optional().describe('Only what happens from now on; not with after (400)'),
    vmId: vmIdSchema.optional(),
    follow: flag.default(true).describe('false: end when all that is on record has been sent'),
  })
  .refine(({ after, from }) => after === undefined || from === undefined, { error: 'give after or from, not both' });
export const usageQuerySchema = z
  .strictObject({
    from: timestampSchema.optional().describe('Not after to (400)'),
    to: timestampSchema.optional(),
    vmId: vmIdSchema.optional(),
  })
  // Text order is time order.
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    error: 'must not be after to',
    path: ['from'],
  });

const list = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

export const vmListSchema = list(vmViewSchema);
export const operationListSchema = list(operationSchema);
/** An event as it is on record, with its place in the log. */
export const eventViewSchema = z.looseObject({
  sequence: z.int(),
  id: z.string(),
  type: z.string(),
  time: timestampSchema,
});
export type EventView = z.infer<typeof eventViewSchema>;
export const eventListSchema = z.strictObject({
  items: z.array(eventViewSchema),
  /** Give it as `after` to go on; null: nothing more is on record yet. */
  nextAfter: z.int().nullable(),
});
export const vmWaitSchema = z.strictObject({
  /** `unreachable`: from where the VM stands it cannot get into that state any more. */
  outcome: z.enum(['reached', 'timeout', 'unreachable']),
  /** Sequence of the event that brought the VM into the state; of the VM's last event where it was not reached. */
  sequence: z.int(),
  vm: vmViewSchema,
});
export const consoleSchema = z.strictObject({
  /** The console's last bytes, in base64: a guest may write any byte. */
  base64: z.string(),
  /** All that the guest has written so far, in bytes. */
  sizeBytes: z.int().min(0),
});
/** A host that is on record and not heard. */
export const silentHostSchema = z.strictObject({
  host: hostIdSchema,
  status: z
    .enum(['silent', 'unreachable', 'stopped', 'halted'])
    .describe('silent: not heard, and not yet on record as unreachable; the others are the last word on record'),
  /** Of the last word on record. */
  since: timestampSchema,
  lastSeenAt: timestampSchema
    .nullable()
    .describe('When it was last known to live; null: it is not on record, nor heard since this gateway started'),
  reason: z.string().nullable(),
});
export type SilentHost = z.infer<typeof silentHostSchema>;
export const hostViewSchema = z.discriminatedUnion('live', [
  heartbeatSchema.extend({ live: z.literal(true), lastSeenAt: timestampSchema }),
  silentHostSchema.extend({ live: z.literal(false) }),
]);
export const hostListSchema = z.strictObject({ items: z.array(hostViewSchema) });
/** One of the hosts' own, or one that was uploaded, which has the fields of its manifest. */
export const imageViewSchema = catalogueImageSchema
  .extend({ hosts: z.array(hostIdSchema).describe('Live hosts that VMs of it can run on') })
  .extend(imageManifestSchema.omit({ id: true, hypervisors: true }).partial().shape)
  .extend({
    addedAt: timestampSchema.optional().describe("When it was uploaded; absent: it is one of the hosts' own"),
  });
export type ImageView = z.infer<typeof imageViewSchema>;
export const imageListSchema = list(imageViewSchema);
export const imageParamsSchema = z.strictObject({ id: imageIdSchema });
export const listImagesQuerySchema = z.strictObject(page);
export const attentionItemSchema = attentionSchema.extend({
  tenant: tenantIdSchema.nullable(),
  vmId: vmIdSchema.nullable(),
  host: hostIdSchema.nullable(),
});
export type AttentionItem = z.infer<typeof attentionItemSchema>;
export const attentionListSchema = z.strictObject({ items: z.array(attentionItemSchema) });
export const usageItemSchema = z.strictObject({
  vmId: vmIdSchema,
  runningSeconds: z.number().min(0),
  cpuSeconds: z.number().min(0),
  memoryMiBSeconds: z.number().min(0),
  running: z.boolean(),
});
export type UsageItem = z.infer<typeof usageItemSchema>;
export const usageListSchema = z.strictObject({ items: z.array(usageItemSchema) });
export const readinessSchema = z.strictObject({
  ready: z.boolean(),
  checks: z.record(z.string(), z.strictObject({ ok: z.boolean(), reason: z.string().optional() })),
});

/** The question on `ironlog.rpc.<host>.console`, and its answer. */
export const consoleRequestSchema = z.strictObject({
  tenant: tenantIdSchema,
  vmId: vmIdSchema,
  tailBytes: z.int().min(1).max(65_536),
});
export const consoleReplySchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), text: z.base64(), size: z.int().min(0) }),
  z.object({ ok: z.literal(false), code: z.string().max(60), reason: z.string().max(2000) }),
]);

export const hostImageParamsSchema = z.strictObject({ host: hostIdSchema, id: imageIdSchema });
/** An image on its way to a host. */
export const imageFetchSchema = z.strictObject({
  host: hostIdSchema,
  image: imageIdSchema,
  state: z.enum(['present', 'fetching']),
  /** Of the files that are on their way, as the host has told last. */
  bytes: z.int().min(0).optional(),
  size: z.int().min(0).optional(),
});
export type ImageFetch = z.infer<typeof imageFetchSchema>;

/** The request on `ironlog.rpc.<host>.image`, and its answer. */
export const imageFetchRequestSchema = z.strictObject({ image: imageManifestSchema });
export const imageFetchReplySchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('present') }),
  z.object({ state: z.literal('fetching') }),
  z.object({ state: z.literal('failed'), reason: z.string().max(2000) }),
]);
