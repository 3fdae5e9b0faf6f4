// The envelope of a VM's event judged at a glance, for the one path on which every event of the log is read. It takes only
// what `vmEventEnvelopeSchema` takes unchanged (a property test holds the two together); what it does not take, zod judges.
import type { z } from 'zod';
import { CLOUD_EVENTS_VERSION, DATA_CONTENT_TYPE, PATTERNS, type vmEventEnvelopeSchema } from './envelope.ts';
import { EVENT_ID_PATTERN, isIdText, type VmId } from './ids.ts';

const is = (pattern: RegExp, value: unknown): boolean => typeof value === 'string' && pattern.test(value);
const isId = (value: unknown): boolean => typeof value === 'string' && isIdText(value);

/** RFC 3339 to the millisecond, in UTC, of a day that each month of each year has. */
const PLAIN_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const LONGEST = 200;

const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= LONGEST;
const isRevision = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1;

export type VmEnvelope = z.output<typeof vmEventEnvelopeSchema> & { readonly subject: VmId; data: unknown };

/** `data` is not looked at. */
export const isPlainVmEnvelope = (body: object, type: string): body is VmEnvelope => {
  let known = 0;
  for (const key in body) {
    if (!isPlain(key, body[key as keyof typeof body], type)) return false;
    if (key !== 'causationid' && key !== 'correlationid' && key !== 'traceparent' && key !== 'prevhash') known += 1;
  }
  return known === REQUIRED;
};

/** specversion, id, source, type, subject, time, datacontenttype, actor, tenant, revision, data. */
const REQUIRED = 11;

const isPlain = (key: string, value: unknown, type: string): boolean => {
  switch (key) {
    case 'data':
      return true;
    case 'type':
      return value === type;
    case 'revision':
      return isRevision(value);
    case 'specversion':
      return value === CLOUD_EVENTS_VERSION;
    case 'datacontenttype':
      return value === DATA_CONTENT_TYPE;
    case 'source':
      return isText(value);
    case 'time':
      return is(PLAIN_TIME, value);
    case 'id':
      return is(EVENT_ID_PATTERN, value);
    case 'actor':
      return is(PATTERNS.actor, value);
    case 'traceparent':
      return is(PATTERNS.traceparent, value);
    case 'prevhash':
      return is(PATTERNS.hash, value);
    case 'subject':
    case 'tenant':
    case 'causationid':
    case 'correlationid':
      return isId(value);
    default:
      return false;
  }
};
