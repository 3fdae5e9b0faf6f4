// The envelope of a VM's event judged at a glance, for the one path on which every event of the log is read. It takes only
// what `vmEventEnvelopeSchema` takes unchanged (a property test holds the two together); what it does not take, zod judges.
import type { z } from 'zod';
import { EVENT_ID_PATTERN, isIdText, type TenantId, type VmId } from '../ids/ids.ts';
import { CLOUD_EVENTS_VERSION, DATA_CONTENT_TYPE, PATTERNS, type vmEventEnvelopeSchema } from './envelope.ts';

const is = (pattern: RegExp, value: unknown): boolean => typeof value === 'string' && pattern.test(value);
const isId = (value: unknown): boolean => typeof value === 'string' && isIdText(value);

/** RFC 3339 to the millisecond, in UTC, of a day that its month has in each year. */
const PLAIN_TIME =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const LONGEST = 200;

const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= LONGEST;
const isRevision = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1;

export type VmEnvelope = z.output<typeof vmEventEnvelopeSchema> & { readonly subject: VmId; data: unknown };

/** What the envelope must agree with: the ids are known to be some. */
export interface Addressed {
  readonly type: string;
  readonly tenant: TenantId;
  readonly vmId: VmId;
}

/** Of a body as `JSON.parse` makes it; `data` is not looked at. */
export const isPlainVmEnvelope = (body: object, { type, tenant, vmId }: Addressed): body is VmEnvelope => {
  const envelope: { readonly [Name in keyof VmEnvelope]?: unknown } = body;
  return (
    envelope.type === type &&
    envelope.subject === vmId &&
    envelope.tenant === tenant &&
    envelope.specversion === CLOUD_EVENTS_VERSION &&
    envelope.datacontenttype === DATA_CONTENT_TYPE &&
    envelope.data !== undefined &&
    isRevision(envelope.revision) &&
    isText(envelope.source) &&
    is(PLAIN_TIME, envelope.time) &&
    is(EVENT_ID_PATTERN, envelope.id) &&
    is(PATTERNS.actor, envelope.actor) &&
    membersOf(body) === REQUIRED + plainOptional(envelope)
  );
};

/** specversion, id, source, type, subject, time, datacontenttype, actor, tenant, revision, data. */
const REQUIRED = 11;

const membersOf = (body: object): number => {
  let count = 0;
  for (const _ in body) count += 1;
  return count;
};

/** How many of the optional members are there and as they should be: one that is not makes the count wrong. */
const plainOptional = (envelope: { readonly [Name in keyof VmEnvelope]?: unknown }): number => {
  const { causationid, correlationid, prevhash, traceparent } = envelope;
  let count = 0;
  if (causationid !== undefined && isId(causationid)) count += 1;
  // Most often the one is the other.
  if (correlationid !== undefined && (correlationid === causationid || isId(correlationid))) count += 1;
  if (prevhash !== undefined && is(PATTERNS.hash, prevhash)) count += 1;
  if (traceparent !== undefined && is(PATTERNS.traceparent, traceparent)) count += 1;
  return count;
};
