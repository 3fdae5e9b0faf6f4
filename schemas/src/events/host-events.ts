// A host: its heartbeat in the bucket HOSTS, and its events.
import { z } from 'zod';
import { commandIdSchema, hostIdSchema, imageIdSchema, tenantIdSchema, vmIdSchema } from '../ids/ids.ts';
import { timestampSchema } from '../ids/time.ts';
import { digestSchema } from '../images/image-manifest.ts';
import { labelsSchema } from '../vm/vm-spec.ts';
import { hypervisorKindSchema, verbSchema } from '../vm/vm-state.ts';
import type { eventEnvelopeSchema } from './envelope.ts';

export const resourcesSchema = z.strictObject({
  cpus: z.int().min(0),
  memoryMiB: z.int().min(0),
  processes: z.int().min(0),
});
export type Resources = z.infer<typeof resourcesSchema>;

export const catalogueImageSchema = z.strictObject({
  id: imageIdSchema,
  hypervisors: z.array(hypervisorKindSchema),
  default: z.boolean(),
  description: z.string().max(200),
});
export type CatalogueImage = z.infer<typeof catalogueImageSchema>;

/** Written every few seconds; it expires when the host is silent. */
export const heartbeatSchema = z.strictObject({
  host: hostIdSchema,
  incarnation: z.string().max(64),
  at: timestampSchema,
  status: z.enum(['ready', 'starting', 'draining', 'halted']),
  hypervisors: z.array(hypervisorKindSchema),
  /** What each program told of itself at the start; a simulator has none. */
  hypervisorVersions: z.partialRecord(hypervisorKindSchema, z.string().max(64)).optional(),
  images: z.array(catalogueImageSchema),
  labels: labelsSchema,
  capacity: resourcesSchema,
  used: resourcesSchema,
  clockOffsetMs: z
    .number()
    .optional()
    .describe("The host's wall clock minus nats-server's, in milliseconds: positive is ahead"),
  clockErrorMs: z.number().min(0).optional().describe('Bounds the error of clockOffsetMs'),
  clockRefusal: z.string().max(200).optional().describe('Why the host takes no new VM, if its clock is too far off'),
  /** Files of images that the host is fetching; absent: none. */
  fetches: z
    .array(z.strictObject({ image: imageIdSchema, digest: digestSchema, bytes: z.int().min(0), size: z.int().min(0) }))
    .max(8)
    .optional(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

export const hostEventData = {
  'executor-started': z.strictObject({
    incarnation: z.string().max(64),
    stateDirectoryId: z.string().max(64),
    hypervisors: z.array(hypervisorKindSchema),
    capacity: resourcesSchema,
  }),
  'executor-stopped': z.strictObject({ incarnation: z.string().max(64) }),
  /** The host could not take a command that was placed on it; the command must be placed again. */
  declined: z.strictObject({
    tenant: tenantIdSchema,
    vmId: vmIdSchema,
    commandId: commandIdSchema,
    verb: verbSchema,
    round: z.int().min(0),
    reason: z.string().max(2000),
  }),
  reaped: z.strictObject({
    incarnation: z.string().max(64),
    pid: z.int(),
    directory: z.string().max(300),
    reason: z.string().max(2000),
  }),
  'executor-halted': z.strictObject({
    incarnation: z.string().max(64),
    reason: z.string().max(2000),
    actionRequired: z.string().max(2000),
  }),
  'host-unreachable': z.strictObject({ lastHeartbeatAt: timestampSchema.optional(), reason: z.string().max(2000) }),
  'host-reachable': z.strictObject({}),
  /** The host's wall clock differs from nats-server's. Ends with `clock-corrected`, or when the executor stops or starts. */
  'clock-wrong': z.strictObject({
    incarnation: z.string().max(64),
    /** Positive is ahead; `errorMs` bounds the error. */
    offsetMs: z.number(),
    errorMs: z.number().min(0),
    /** The offset is beyond the bound for new VMs. */
    refusesVms: z.boolean(),
    reason: z.string().max(2000),
    actionRequired: z.string().max(2000),
  }),
  'clock-corrected': z.strictObject({
    incarnation: z.string().max(64),
    offsetMs: z.number(),
    errorMs: z.number().min(0),
  }),
} as const;
export type HostEventName = keyof typeof hostEventData;
export const HOST_EVENT_NAMES = Object.keys(hostEventData) as HostEventName[];
export type HostEventData = { [N in HostEventName]: z.infer<(typeof hostEventData)[N]> };
export type HostFact = { [N in HostEventName]: { name: N; data: HostEventData[N] } }[HostEventName];

export const hostEventClass = (name: HostEventName): 'fact' | 'failure' =>
  name === 'executor-halted' || name === 'host-unreachable' || name === 'clock-wrong' ? 'failure' : 'fact';
export const hostEventType = (name: HostEventName): string => `ironlog.host.${name}.v1`;

export type HostEvent = Omit<z.infer<typeof eventEnvelopeSchema>, 'subject'> & {
  subject: z.infer<typeof hostIdSchema>;
} & HostFact;
