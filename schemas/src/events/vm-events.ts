// The events of a VM: one schema per event, keyed by its short name. `ironlog.vm.<name>.v1` on the wire.
import { z } from 'zod';
import { requestSchema, untilSchema } from '../commands/commands.ts';
import { commandIdSchema, eventIdSchema, hostIdSchema, type vmIdSchema } from '../ids/ids.ts';
import { timestampSchema } from '../ids/time.ts';
import { imageManifestSchema } from '../images/image-manifest.ts';
import { vmSpecSchema } from '../vm/vm-spec.ts';
import { hypervisorKindSchema, residueSchema, stopCauseSchema, verbSchema, vmStateSchema } from '../vm/vm-state.ts';
import { actorSchema, type vmEventEnvelopeSchema } from './envelope.ts';

const reason = z.string().max(2000);
const epoch = z.int().min(0);
const exit = { exitCode: z.int().nullable().optional(), signal: z.string().max(20).nullable().optional() };

/** An intent: stored before anything is touched (P3). */
const intent = { request: requestSchema, deadline: timestampSchema };

const failed = z.strictObject({
  epoch,
  /** The step that failed: `prepare`, `spawn`, `vm.create`, `vm.boot`, `resume-task` … */
  stage: z.string().max(60),
  code: z.string().max(60),
  reason,
  retryable: z.boolean(),
  residue: z.array(residueSchema).max(4),
  ...exit,
});

const done = z.strictObject({ epoch, tookMs: z.number().min(0).optional() });
const stopped = z.strictObject({
  epoch,
  cause: stopCauseSchema,
  forced: z.boolean(),
  tookMs: z.number().min(0).optional(),
  ...exit,
});

export const vmEventData = {
  claimed: z.strictObject({
    ...intent,
    host: hostIdSchema,
    hypervisor: hypervisorKindSchema,
    spec: vmSpecSchema,
    /** What the spec's image was when the command was accepted; absent: one of the host's own. */
    image: imageManifestSchema.optional(),
    start: z.boolean(),
    until: untilSchema.optional(),
  }),
  created: done,
  'create-failed': failed,
  'boot-started': z.strictObject({ ...intent, epoch, until: untilSchema.optional() }),
  booted: done.extend({ pid: z.int().optional() }),
  'boot-failed': failed,
  'shutdown-started': z.strictObject({
    ...intent,
    mode: z.enum(['graceful', 'force']),
    timeoutSeconds: z.int(),
    preempts: commandIdSchema.optional(),
  }),
  stopped,
  'shutdown-failed': failed,
  'pause-started': z.strictObject(intent),
  paused: done,
  'pause-failed': failed,
  'resume-started': z.strictObject(intent),
  resumed: done,
  'resume-failed': failed,
  'reboot-started': z.strictObject({
    ...intent,
    epoch,
    force: z.boolean(),
    timeoutSeconds: z.int(),
    preempts: commandIdSchema.optional(),
  }),
  rebooted: z.strictObject({
    epoch,
    cause: z.enum(['requested', 'guest']),
    forced: z.boolean(),
    tookMs: z.number().min(0).optional(),
    /** The number of guest reboots that this event stands for, when there were many in a short time. */
    times: z.int().min(2).optional(),
  }),
  'reboot-failed': failed,
  'delete-started': z.strictObject({ ...intent, force: z.boolean(), preempts: commandIdSchema.optional() }),
  deleted: done,
  'delete-failed': failed,
  'cleanup-started': z.strictObject(intent),
  cleaned: done.extend({ removed: z.array(residueSchema).max(4) }),
  'cleanup-failed': failed,
  'snapshot-started': z.strictObject(intent),
  snapshotted: done,
  'snapshot-failed': failed,
  'restore-started': z.strictObject({ ...intent, epoch }),
  restored: done,
  'restore-failed': failed,
  crashed: z.strictObject({
    epoch,
    reason,
    detectedBy: z.enum(['child-exit', 'socket-hangup', 'adoption', 'health']),
    residue: z.array(residueSchema).max(4),
    ...exit,
  }),
  unresponsive: z.strictObject({ epoch, sinceMs: z.number().min(0) }),
  responsive: z.strictObject({ epoch, afterMs: z.number().min(0) }),
  /** Ends a reboot loop: the guest has run `forMs` without a restart. */
  'guest-steady': z.strictObject({ epoch, forMs: z.number().min(0) }),
  /** The guest's kernel has told its panic device that it has panicked; what it does then is its own affair. */
  'guest-panicked': z.strictObject({
    epoch,
    /** Panics that this one event stands for, when they were many in a short time. */
    times: z.int().min(2).optional(),
  }),
  /** The guest has printed what its spec says, for the first time in this epoch: `tookMs` after its start. */
  ready: z.strictObject({ epoch, tookMs: z.number().min(0) }),
  /** It has not in the time that its spec gives; it may yet. */
  'not-ready': z.strictObject({ epoch, afterMs: z.number().min(0) }),
  diverged: z.strictObject({ expected: z.string().max(60), observed: z.string().max(60), resolution: reason }),
  lost: z.strictObject({ host: hostIdSchema, reason }),
  found: z.strictObject({ observed: z.enum(['running', 'paused', 'stopped']), epoch }),
  stuck: z.strictObject({ verb: verbSchema, deadline: timestampSchema, actionRequired: reason }),
  'cleanup-abandoned': z.strictObject({
    failureId: eventIdSchema,
    attempts: z.int().min(0),
    residue: z.array(residueSchema).max(4),
    actionRequired: reason,
  }),
  cancelled: z.strictObject({
    request: requestSchema,
    reason,
    /** The create that no host had claimed: it ends here. */
    cancels: commandIdSchema.optional(),
    /** The stored part of that create, which no earlier event has. */
    create: z.strictObject({ request: requestSchema.partial({ bodyHash: true }), actor: actorSchema }).optional(),
  }),
  'command-expired': z.strictObject({ request: requestSchema, reason, state: vmStateSchema.or(z.literal('absent')) }),
} as const;

export type VmEventName = keyof typeof vmEventData;
export const VM_EVENT_NAMES = Object.keys(vmEventData) as VmEventName[];
export type VmEventData = { [N in VmEventName]: z.infer<(typeof vmEventData)[N]> };

/** A fact without its position in the log yet. */
export type VmFact = { [N in VmEventName]: { name: N; data: VmEventData[N] } }[VmEventName];

const FAILURES: ReadonlySet<VmEventName> = new Set(['crashed', 'not-ready', 'guest-panicked']);
/** Subjects end in one of two words, so that recovery's work list is a subject filter. */
export const eventClass = (name: VmEventName): 'fact' | 'failure' =>
  FAILURES.has(name) || name.endsWith('-failed') ? 'failure' : 'fact';

export const vmEventType = (name: VmEventName): string => `ironlog.vm.${name}.v1`;

export type VmEventEnvelope = Omit<z.infer<typeof vmEventEnvelopeSchema>, 'subject'> & {
  subject: z.infer<typeof vmIdSchema>;
};
/** A VM's event with its envelope; `name` is the short name behind `type`. */
export type VmEvent = VmEventEnvelope & VmFact;
