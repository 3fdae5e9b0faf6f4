// A fast check of a VM event's envelope, for reading every event of the log. It accepts only what `vmEventEnvelopeSchema`
// accepts unchanged (a property test compares them). zod validates everything else.
import type { z } from 'zod';
import { EVENT_ID_PATTERN, isIdText, type TenantId, type VmId } from '../ids/ids.ts';
import { CLOUD_EVENTS_VERSION, DATA_CONTENT_TYPE, PATTERNS, type vmEventEnvelopeSchema } from './envelope.ts';

const is = (pattern: RegExp, value: unknown): boolean => typeof value === 'string' && pattern.test(value);
const isId = (value: unknown): boolean => typeof value === 'string' && isIdText(value);

/** RFC 3339 in milliseconds and UTC, on a day that exists in every year. */
const PLAIN_TIME =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const LONGEST = 200;

const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= LONGEST;
const isRevision = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1;

export type VmEnvelope = z.output<typeof vmEventEnvelopeSchema> & { readonly subject: VmId; data: unknown };

/** The values that the envelope must have; the ids are already valid. */
export interface Addressed {
  readonly type: string;
  readonly tenant: TenantId;
  readonly vmId: VmId;
}

/** For a body of `JSON.parse`; `data` is not checked. */
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

/** The number of valid optional members; an invalid one makes the count wrong. */
const plainOptional = (envelope: { readonly [Name in keyof VmEnvelope]?: unknown }): number => {
  const { causationid, correlationid, prevhash, traceparent } = envelope;
  let count = 0;
  if (causationid !== undefined && isId(causationid)) count += 1;
  // Usually the two are equal.
  if (correlationid !== undefined && (correlationid === causationid || isId(correlationid))) count += 1;
  if (prevhash !== undefined && is(PATTERNS.hash, prevhash)) count += 1;
  if (traceparent !== undefined && is(PATTERNS.traceparent, traceparent)) count += 1;
  return count;
};
