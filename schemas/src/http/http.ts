// The HTTP API's input and output: query strings, bodies and answers of every route; unknown fields are refused.
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
export const createBodySchema = verbParams.create
  .extend({ id: vmIdSchema.optional(), startBy })
  .refine(({ until, start, spec }) => !until || (start && spec.ready !== undefined), {
    error: 'until ready needs start and spec.ready',
    path: ['until'],
  })
  .meta({
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
/** The body of each; an absent body has every default. */
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

// Query strings are text: each number and boolean has exactly one spelling, and is described by its parsed type
// (`reads`, which the OpenAPI document uses).
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
  .regex(/^[A-Za-z0-9_-]{10,200}$/, { error: 'must be a nextCursor that an earlier answer gave' })
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
/** The keys of `label.<key>=<value>` parameters are free, so they are collected into `labels` here. */
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
      // `labels` itself is no parameter: the schema refuses it.
      ...(labels.length > 0 && !('labels' in query) ? [['labels', Object.fromEntries(labels)] as const] : []),
    ]);
  },
  z.strictObject({
    state: vmStateSchema.optional(),
    host: hostIdSchema.optional(),
    labels: labelFilter,
    q: z.string().max(100).optional().describe('Part of the name or the id, case-insensitive'),
    includeDeleted: flag.default(false),
    ...page,
  }),
);
export const getVmQuerySchema = z
  .strictObject({
    at: timestampSchema.optional().describe('The VM as of this time; not with sequence, and not in the future (400)'),
    sequence: sequence.optional().describe("The VM as of this entry; not with at, and not after the log's end (400)"),
  })
  .refine(({ at, sequence: number }) => at === undefined || number === undefined, {
    error: 'give at or sequence, not both',
  });
/** Without the command's default: an omitted value is not in the request's hash. */
export const deleteVmQuerySchema = z.strictObject({
  force: flag.optional().meta({ reads: { type: 'boolean', default: false } }),
});
export const vmEventsQuerySchema = z.strictObject({
  after: sequence.default(0),
  limit: whole(1, MAX_PAGE).default(100),
});
export const consoleQuerySchema = z.strictObject({
  tail: whole(1, 65_536).default(16_384).describe('Bytes from the end; with follow, those to begin with'),
  follow: flag.default(false).describe('true: a stream that goes on with what the guest prints'),
});
export const waitVmQuerySchema = z
  .strictObject({
    state: vmStateSchema.optional().describe('Give this or ready'),
    ready: z
      .literal('true')
      .optional()
      .describe('Wait until the guest is ready; give this or state')
      .meta({ reads: { type: 'boolean', const: true } }),
    after: sequence.optional(),
    timeout,
  })
  .refine(({ state, ready }) => (state === undefined) !== (ready === undefined), {
    error: 'give either state or ready=true',
  });
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
    from: z.literal('now').optional().describe('Only events from now on; not with after (400)'),
    vmId: vmIdSchema.optional(),
    follow: flag.default(true).describe('false: end when all stored events have been sent'),
  })
  .refine(({ after, from }) => after === undefined || from === undefined, { error: 'give after or from, not both' });
const DAY_START = 'T00:00:00.000Z';
const isDayStart = (time: string | undefined): boolean => time === undefined || time.endsWith(DAY_START);
const dayStart = `by tenant or day it must be the start of a day (${DAY_START})`;
export const usageQuerySchema = z
  .strictObject({
    by: z
      .enum(['vm', 'tenant', 'day'])
      .default('vm')
      .describe('One item per VM, in the order of their ids; per day (UTC) on which a VM ran; or one in total'),
    from: timestampSchema
      .optional()
      .describe(`Not after to (400); by tenant or day it must be the start of a day, …${DAY_START} (400)`),
    to: timestampSchema
      .optional()
      .describe(`Now, if it is later than that; by tenant or day it must be the start of a day, …${DAY_START} (400)`),
    vmId: vmIdSchema.optional().describe('Only by vm (400)'),
    ...page,
  })
  // Text order is time order.
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    error: 'must not be after to',
    path: ['from'],
  })
  .refine(({ by, vmId }) => by === 'vm' || vmId === undefined, { error: 'give vmId by vm only', path: ['vmId'] })
  .refine(({ by, from }) => by === 'vm' || isDayStart(from), { error: dayStart, path: ['from'] })
  .refine(({ by, to }) => by === 'vm' || isDayStart(to), { error: dayStart, path: ['to'] });

const list = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

export const vmListSchema = list(vmViewSchema);
export const operationListSchema = list(operationSchema);
/** A stored event, with its position in the log. */
export const eventViewSchema = z.looseObject({
  sequence: z.int(),
  id: z.string(),
  type: z.string(),
  time: timestampSchema,
});
export type EventView = z.infer<typeof eventViewSchema>;
export const eventListSchema = z.strictObject({
  items: z.array(eventViewSchema),
  /** Pass it as `after` for the next page; null: no more events are stored yet. */
  nextAfter: z.int().nullable(),
});
export const vmWaitSchema = z.strictObject({
  /** `unreachable`: the VM can no longer get into that state. */
  outcome: z.enum(['reached', 'timeout', 'unreachable']),
  /** Sequence of the event that brought the VM into the state; of the VM's last event when it was not reached. */
  sequence: z.int(),
  vm: vmViewSchema,
});
export const consoleSchema = z.strictObject({
  /** The console's last bytes, in base64: a guest may write any byte. */
  base64: z.string(),
  /** The size of the guest's whole output so far, in bytes. */
  sizeBytes: z.int().min(0),
});
/** What a followed console sends as `event: output`; the frame's id is the position after its last byte. */
export const consoleOutputSchema = z.strictObject({
  /** Position of the first byte: how many the guest had printed before it. */
  from: z.int().min(0),
  base64: z.string(),
});
/** `event: gap`: bytes that the host no longer keeps, because the reader was slower than the guest. */
export const consoleGapSchema = z.strictObject({ from: z.int().min(0), skippedBytes: z.int().min(1) });
/** A host that is on record and not heard. */
export const silentHostSchema = z.strictObject({
  host: hostIdSchema,
  status: z
    .enum(['silent', 'unreachable', 'stopped', 'halted'])
    .describe('silent: without heartbeats and not yet recorded as unreachable; the others are the last recorded event'),
  /** Of the last recorded event. */
  since: timestampSchema,
  lastSeenAt: timestampSchema
    .nullable()
    .describe('When it was last known to live; null: neither recorded nor seen since this gateway started'),
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
const ran = {
  runningSeconds: z.number().min(0),
  cpuSeconds: z.number().min(0),
  memoryMiBSeconds: z.number().min(0),
};
export const usageItemSchema = z.strictObject({ vmId: vmIdSchema, ...ran, running: z.boolean() });
export type UsageItem = z.infer<typeof usageItemSchema>;
export const dayUsageSchema = z.strictObject({ day: z.iso.date(), ...ran });
export type DayUsage = z.infer<typeof dayUsageSchema>;
export const tenantUsageSchema = z.strictObject({ tenant: tenantIdSchema, ...ran });
export type TenantUsage = z.infer<typeof tenantUsageSchema>;
export const usageListSchema = list(z.union([usageItemSchema, dayUsageSchema, tenantUsageSchema]));
export const readinessSchema = z.strictObject({
  ready: z.boolean(),
  checks: z.record(z.string(), z.strictObject({ ok: z.boolean(), reason: z.string().optional() })),
});

/** The request on `ironlog.rpc.<host>.console`, and its reply. */
export const consoleRequestSchema = z.strictObject({
  tenant: tenantIdSchema,
  vmId: vmIdSchema,
  tailBytes: z.int().min(1).max(65_536),
});
export const consoleReplySchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), text: z.base64(), size: z.int().min(0) }),
  z.object({ ok: z.literal(false), code: z.string().max(60), reason: z.string().max(2000) }),
]);

/**
 * The question on `ironlog.rpc.<host>.console-follow`: what is there from position `from` on, or else the newest
 * `tailBytes`. Where there is nothing yet the host answers when there is, or after `waitMs` with nothing. One question at a
 * time is the stream's credit: a reader that is slow asks later, and the host holds nothing for it.
 */
export const consoleFollowRequestSchema = z.strictObject({
  tenant: tenantIdSchema,
  vmId: vmIdSchema,
  from: z.int().min(0).optional(),
  tailBytes: z.int().min(1).max(65_536),
  waitMs: z.int().min(0).max(8_000),
});
export const consoleFollowReplySchema = z.discriminatedUnion('ok', [
  /** `from` is after the position asked for where what lies between is not kept any more. */
  z.object({ ok: z.literal(true), from: z.int().min(0), text: z.base64(), end: z.int().min(0) }),
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
