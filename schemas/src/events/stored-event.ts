// Parses an entry of EVENTS: from a subject and bytes to an event, or to the reason for its quarantine.
import { z } from 'zod';
import { hostIdSchema, imageIdSchema, vmIdSchema } from '../ids/ids.ts';
import { type EventAddress, parseEventSubject, type Writer } from '../ids/subjects.ts';
import { type CommandRejected, commandRejectedSchema } from './command-events.ts';
import { eventEnvelopeSchema, vmEventEnvelopeSchema } from './envelope.ts';
import {
  HOST_EVENT_NAMES,
  type HostEvent,
  type HostEventName,
  hostEventClass,
  hostEventData,
  hostEventType,
} from './host-events.ts';
import {
  IMAGE_EVENT_NAMES,
  type ImageEvent,
  type ImageEventName,
  imageEventData,
  imageEventType,
} from './image-events.ts';
import { fastCheckOf } from './plain-data.ts';
import { isPlainVmEnvelope, type VmEnvelope } from './plain-envelope.ts';
import { eventClass, VM_EVENT_NAMES, type VmEvent, type VmEventName, vmEventData, vmEventType } from './vm-events.ts';

export type StoredEvent =
  | { kind: 'vm'; writer: Writer; event: VmEvent }
  | { kind: 'rejection'; writer: Writer; event: CommandRejected }
  | { kind: 'host'; writer: Writer; event: HostEvent }
  | { kind: 'image'; writer: Writer; event: ImageEvent };

/** Of one tenant; events of hosts and images are under all of them. */
export type TenantEvent = Extract<StoredEvent, { kind: 'vm' | 'rejection' }>;
export const isTenantEvent = (stored: StoredEvent): stored is TenantEvent =>
  stored.kind === 'vm' || stored.kind === 'rejection';

export type ReadEvent = { ok: true; stored: StoredEvent } | { ok: false; reason: string };

const vmNames = new Map(VM_EVENT_NAMES.map((name) => [vmEventType(name), name]));
const hostNames = new Map(HOST_EVENT_NAMES.map((name) => [hostEventType(name), name]));
const imageNames = new Map(IMAGE_EVENT_NAMES.map((name) => [imageEventType(name), name]));

const vmSchemas = new Map(
  VM_EVENT_NAMES.map((name) => [
    name,
    vmEventEnvelopeSchema.extend({ type: z.literal(vmEventType(name)), subject: vmIdSchema, data: vmEventData[name] }),
  ]),
);
const vmData = new Map(VM_EVENT_NAMES.map((name) => [name, fastCheckOf(vmEventData[name])]));
const hostSchemas = new Map(
  HOST_EVENT_NAMES.map((name) => [
    name,
    eventEnvelopeSchema.extend({
      type: z.literal(hostEventType(name)),
      subject: hostIdSchema,
      data: hostEventData[name],
    }),
  ]),
);
const imageSchemas = new Map(
  IMAGE_EVENT_NAMES.map((name) => [
    name,
    eventEnvelopeSchema.extend({
      type: z.literal(imageEventType(name)),
      subject: imageIdSchema,
      data: imageEventData[name],
    }),
  ]),
);

// Invalid UTF-8 is refused, not repaired.
const utf8 = new TextDecoder('utf-8', { fatal: true });

const refuse = (reason: string): ReadEvent => ({ ok: false, reason: reason.slice(0, 2000) });

/** The writer that `source` names: `/hosts/host-1/vm-executor` -> `host-1`, `/recovery-worker` -> `recovery`. */
export const sourceOf = (writer: Writer): string =>
  writer === 'gateway' ? '/api-gateway' : writer === 'recovery' ? '/recovery-worker' : `/hosts/${writer}/vm-executor`;

/**
 * I11: an entry of EVENTS is valid only if it parses and its subject agrees with its envelope. Never throws: the result
 * is an event or a reason.
 */
export const readStoredEvent = (subject: string, bytes: Uint8Array): ReadEvent => {
  const address = parseEventSubject(subject);
  if (!address)
    return refuse(`subject ${JSON.stringify(subject.slice(0, 200))} is not an event subject of this system`);
  let body: unknown;
  try {
    body = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    return refuse(`body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const type =
    typeof body === 'object' && body !== null && 'type' in body && typeof body.type === 'string' ? body.type : '';
  const read = readBody(address, type, body);
  if (!read.ok) return read;
  if (read.stored.event.source !== sourceOf(address.writer)) {
    return refuse(`source ${read.stored.event.source} is not the subject's writer ${address.writer}`);
  }
  return read;
};

const readBody = (address: EventAddress, type: string, body: unknown): ReadEvent => {
  switch (address.kind) {
    case 'vm':
      return readVmEvent(address, type, body);
    case 'rejection': {
      const parsed = commandRejectedSchema.safeParse(body);
      if (!parsed.success) return refuse(z.prettifyError(parsed.error));
      if (parsed.data.tenant !== address.tenant) return refuse("tenant in the envelope is not the subject's");
      return { ok: true, stored: { kind: 'rejection', writer: address.writer, event: parsed.data } };
    }
    case 'host': {
      const name = hostNames.get(type);
      const schema = name && hostSchemas.get(name);
      if (!name || !schema) return refuse(`unknown host event type ${JSON.stringify(type)}`);
      const parsed = schema.safeParse(body);
      if (!parsed.success) return refuse(z.prettifyError(parsed.error));
      if (parsed.data.subject !== address.host) return refuse("host in the envelope is not the subject's");
      if (hostEventClass(name) !== address.class) return refuse(`${name} is not a ${address.class}`);
      return { ok: true, stored: { kind: 'host', writer: address.writer, event: hostEvent(name, parsed.data) } };
    }
    case 'image': {
      const name = imageNames.get(type);
      const schema = name && imageSchemas.get(name);
      if (!name || !schema) return refuse(`unknown image event type ${JSON.stringify(type)}`);
      const parsed = schema.safeParse(body);
      if (!parsed.success) return refuse(z.prettifyError(parsed.error));
      const { subject, data } = parsed.data;
      if (subject !== address.image || data.id !== address.image)
        return refuse("image in the envelope is not the subject's");
      return { ok: true, stored: { kind: 'image', writer: address.writer, event: imageEvent(name, parsed.data) } };
    }
    default:
      return address satisfies never;
  }
};

type VmAddress = Extract<EventAddress, { kind: 'vm' }>;

const readVmEvent = (address: VmAddress, type: string, body: unknown): ReadEvent => {
  const name = vmNames.get(type);
  const schema = name && vmSchemas.get(name);
  if (!name || !schema) return refuse(`unknown VM event type ${JSON.stringify(type)}`);
  const parsed = readEnvelope(name, address, body) ?? schema.safeParse(body);
  if (!parsed.success) return refuse(z.prettifyError(parsed.error));
  if (parsed.data.tenant !== address.tenant || parsed.data.subject !== address.vmId) {
    return refuse("tenant or VM in the envelope is not the subject's");
  }
  if (eventClass(name) !== address.class) return refuse(`${name} is not a ${address.class}`);
  return { ok: true, stored: { kind: 'vm', writer: address.writer, event: vmEvent(name, parsed.data) } };
};

/** The schema's result for a plain envelope with valid data; `undefined`: ask the schema. */
const readEnvelope = (
  name: VmEventName,
  { tenant, vmId }: VmAddress,
  body: unknown,
): { success: true; data: VmEnvelope } | undefined => {
  if (typeof body !== 'object' || body === null) return undefined;
  if (!isPlainVmEnvelope(body, { type: vmEventType(name), tenant, vmId })) return undefined;
  if (vmData.get(name)?.(body.data) === true) return { success: true, data: body };
  const data = vmEventData[name].safeParse(body.data);
  if (!data.success) return undefined;
  // The object was just parsed and is not shared.
  body.data = data.data;
  return { success: true, data: body };
};

// The schema chosen by `name` has checked `data`, which the type system cannot express. The parsed envelope is not
// shared: `name`, which no schema has, is assigned to it in place.
const vmEvent = (name: VmEventName, envelope: object): VmEvent => Object.assign(envelope, { name }) as VmEvent;
const hostEvent = (name: HostEventName, envelope: object): HostEvent => ({ name, ...envelope }) as HostEvent;

const imageEvent = (name: ImageEventName, envelope: object): ImageEvent => ({ name, ...envelope }) as ImageEvent;

/** The bytes to store, without `name`, the short form of `type`. */
export const encodeEvent = (event: VmEvent | HostEvent | ImageEvent | CommandRejected): Uint8Array => {
  const { name: _, ...wire } = event as VmEvent & { name?: string };
  return new TextEncoder().encode(JSON.stringify(wire));
};
