// NATS subjects: built from branded ids only, and parsed back into them. No other code joins tokens with dots.

import { type HostEventName, hostEventClass } from '../events/host-events.ts';
import { eventClass, type VmEventName } from '../events/vm-events.ts';
import { type Verb, verbSchema } from '../vm/vm-state.ts';
import {
  type HostId,
  hostIdSchema,
  ID_PATTERN,
  type ImageId,
  imageIdSchema,
  RESERVED_IDS,
  type TenantId,
  tenantIdSchema,
  type VmId,
  vmIdSchema,
} from './ids.ts';

export const SUBJECT_PREFIX = 'ironlog';
/** The writer: the owner host, or one of the two services that may append to another's VM. */
export type Writer = HostId | 'recovery' | 'gateway';

export const STREAMS = { commands: 'COMMANDS', work: 'WORK', events: 'EVENTS' } as const;
export const HOSTS_BUCKET = 'HOSTS';
/** On WORK: a message that checks whether the stream accepts writes. No host id begins with `_`, so no consumer gets it. */
export const PROBE_SUBJECT = `${SUBJECT_PREFIX}.work._probe`;
/** The stream of the bucket. */
export const HOSTS_STREAM = `KV_${HOSTS_BUCKET}`;
/** The files of images, each under its digest. */
export const IMAGES_BUCKET = 'IMAGES';
/** The stream that JetStream keeps that bucket in. */
export const IMAGES_STREAM = `OBJ_${IMAGES_BUCKET}`;

export const commandSubject = (tenant: TenantId, vm: VmId, verb: Verb): string =>
  `${SUBJECT_PREFIX}.cmd.${tenant}.${vm}.${verb}`;
export const workSubject = (target: HostId | 'any', tenant: TenantId, vm: VmId, verb: Verb): string =>
  `${SUBJECT_PREFIX}.work.${target}.${tenant}.${vm}.${verb}`;
export const vmEventSubject = (tenant: TenantId, vm: VmId, writer: Writer, name: VmEventName): string =>
  `${SUBJECT_PREFIX}.evt.vm.${tenant}.${vm}.${writer}.${eventClass(name)}`;
/** The filter of every append's expectation for a VM. */
export const vmFilter = (tenant: TenantId, vm: VmId): string => `${SUBJECT_PREFIX}.evt.vm.${tenant}.${vm}.>`;
export const rejectionSubject = (tenant: TenantId, writer: Writer): string =>
  `${SUBJECT_PREFIX}.evt.cmd.${tenant}.${writer}.rejected`;
export const hostEventSubject = (host: HostId, writer: Writer, name: HostEventName): string =>
  `${SUBJECT_PREFIX}.evt.host.${host}.${writer}.${hostEventClass(name)}`;
export const hostFilter = (host: HostId): string => `${SUBJECT_PREFIX}.evt.host.${host}.>`;
/** Only the gateway writes events of images. */
export const imageEventSubject = (image: ImageId): string => `${SUBJECT_PREFIX}.evt.image.${image}.gateway.fact`;
export const imageFilter = (image: ImageId): string => `${SUBJECT_PREFIX}.evt.image.${image}.>`;
export const IMAGES_FILTER = `${SUBJECT_PREFIX}.evt.image.>`;
/** The events by the recovery worker, of all VMs. */
export const RECOVERY_VM_FILTER = `${SUBJECT_PREFIX}.evt.vm.*.*.recovery.*`;
export const FAILURE_FILTER = `${SUBJECT_PREFIX}.evt.vm.*.*.*.failure`;

const ID = ID_PATTERN.source.slice(1, -1);
/** A VM's event. The pattern does not exclude reserved ids. */
const VM_EVENT_SUBJECT = new RegExp(`^${SUBJECT_PREFIX}\\.evt\\.vm\\.(${ID})\\.(${ID})\\.(${ID})\\.(fact|failure)$`);

const id = <T>(
  schema: { safeParse(text: unknown): { success: boolean; data?: T } },
  text: string | undefined,
): T | undefined => schema.safeParse(text).data;
const writer = (text: string | undefined): Writer | undefined =>
  text === 'recovery' || text === 'gateway' ? text : id(hostIdSchema, text);

export interface CommandAddress {
  tenant: TenantId;
  vmId: VmId;
  verb: Verb;
}
export interface PartOfCommandAddress {
  readonly tenant: TenantId;
  readonly vmId?: VmId;
  readonly verb?: Verb;
}
/**
 * The parts that can be read from a subject that is not a command's, for its rejection. If it has more tokens than a command's,
 * only the tenant is certain. `undefined`: no tenant can be read.
 */
export const partOfCommandSubject = (subject: string): PartOfCommandAddress | undefined => {
  const [prefix, kind, tenantText, vmText, verbText, ...rest] = subject.split('.');
  const tenant = id(tenantIdSchema, tenantText);
  if (prefix !== SUBJECT_PREFIX || kind !== 'cmd' || !tenant) return undefined;
  if (rest.length > 0) return { tenant };
  const [vm, verb] = [id(vmIdSchema, vmText), id(verbSchema, verbText)];
  return { tenant, ...(vm && { vmId: vm }), ...(verb && { verb }) };
};

/** `undefined`: the subject is not one of this system. */
export const parseCommandSubject = (subject: string): CommandAddress | undefined => {
  const { tenant, vmId, verb } = partOfCommandSubject(subject) ?? {};
  return tenant && vmId && verb ? { tenant, vmId, verb } : undefined;
};

export interface WorkAddress extends CommandAddress {
  target: HostId | 'any';
}
export const parseWorkSubject = (subject: string): WorkAddress | undefined => {
  const [prefix, kind, targetText, ...address] = subject.split('.');
  const target = targetText === 'any' ? 'any' : id(hostIdSchema, targetText);
  const command = parseCommandSubject([SUBJECT_PREFIX, 'cmd', ...address].join('.'));
  if (prefix !== SUBJECT_PREFIX || kind !== 'work' || !target || !command) return undefined;
  return { target, ...command };
};

export type EventAddress =
  | { kind: 'vm'; tenant: TenantId; vmId: VmId; writer: Writer; class: 'fact' | 'failure' }
  | { kind: 'rejection'; tenant: TenantId; writer: Writer }
  | { kind: 'host'; host: HostId; writer: Writer; class: 'fact' | 'failure' }
  | { kind: 'image'; image: ImageId; writer: 'gateway' };

/** Parsed without zod: every entry of the log passes here. */
const vmEventAddress = ([, tenant = '', vm = '', by = '', cls]: readonly string[]): EventAddress | undefined => {
  if (RESERVED_IDS.includes(tenant) || RESERVED_IDS.includes(vm) || by === 'any') return undefined;
  const [tenantId, vmId, writer] = [tenant as TenantId, vm as VmId, by as Writer];
  return { kind: 'vm', tenant: tenantId, vmId, writer, class: cls === 'failure' ? 'failure' : 'fact' };
};

const factClass = (text: string | undefined): 'fact' | 'failure' | undefined =>
  text === 'fact' || text === 'failure' ? text : undefined;

export const parseEventSubject = (subject: string): EventAddress | undefined => {
  const ofVm = VM_EVENT_SUBJECT.exec(subject);
  if (ofVm) return vmEventAddress(ofVm);
  const [prefix, evt, kind, ...tokens] = subject.split('.');
  if (prefix !== SUBJECT_PREFIX || evt !== 'evt') return undefined;
  if (kind === 'cmd' && tokens.length === 3 && tokens[2] === 'rejected') {
    const [tenant, by] = [id(tenantIdSchema, tokens[0]), writer(tokens[1])];
    return tenant && by ? { kind: 'rejection', tenant, writer: by } : undefined;
  }
  if (kind === 'host' && tokens.length === 3) {
    const [host, by, cls] = [id(hostIdSchema, tokens[0]), writer(tokens[1]), factClass(tokens[2])];
    return host && by && cls ? { kind: 'host', host, writer: by, class: cls } : undefined;
  }
  if (kind === 'image' && tokens.length === 3 && tokens[1] === 'gateway' && tokens[2] === 'fact') {
    const image = id(imageIdSchema, tokens[0]);
    return image && { kind: 'image', image, writer: 'gateway' };
  }
  return undefined;
};
