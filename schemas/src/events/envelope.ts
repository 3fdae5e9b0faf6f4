// The envelope of every command and event: CloudEvents 1.0 in structured JSON mode.
import { z } from 'zod';
import { commandIdSchema, eventIdSchema, tenantIdSchema } from '../ids/ids.ts';
import { timestampSchema } from '../ids/time.ts';

export const CLOUD_EVENTS_CONTENT_TYPE = 'application/cloudevents+json';

export const CLOUD_EVENTS_VERSION = '1.0';
export const DATA_CONTENT_TYPE = 'application/json';

export const PATTERNS = {
  actor: /^[a-zA-Z0-9][a-zA-Z0-9._:@/-]{0,127}$/,
  traceparent: /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
  hash: /^[0-9a-f]{64}$/,
} as const;

/** The requester or the acting service: a token's id, `nats`, `recovery`, `host-1`; short and printable. */
export const actorSchema = z.string().regex(PATTERNS.actor);

/** W3C trace context, version 00. */
export const traceparentSchema = z.string().regex(PATTERNS.traceparent);

/** SHA-256 of the stored bytes of the previous event, in hex. */
export const hashSchema = z.string().regex(PATTERNS.hash);

export const envelopeSchema = z.strictObject({
  specversion: z.literal(CLOUD_EVENTS_VERSION),
  id: z.string(),
  source: z.string().max(200),
  type: z.string().max(200),
  subject: z.string(),
  time: timestampSchema,
  datacontenttype: z.literal(DATA_CONTENT_TYPE).default(DATA_CONTENT_TYPE),
  actor: actorSchema,
  traceparent: traceparentSchema.optional(),
});

/** An event's additional fields: its cause (the command) and the operation at the root of the chain. */
export const eventEnvelopeSchema = envelopeSchema.extend({
  id: eventIdSchema,
  causationid: commandIdSchema.optional(),
  correlationid: commandIdSchema.optional(),
});

/** A VM event's additional fields: its tenant and its position in the VM's chain. */
export const vmEventEnvelopeSchema = eventEnvelopeSchema.extend({
  tenant: tenantIdSchema,
  revision: z.int().min(1),
  prevhash: hashSchema.optional(),
});
