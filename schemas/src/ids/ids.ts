// The ids: the only strings that may enter a subject, a path, a SQL parameter or a log field as an id. Each kind has
// its own brand, so that a host's cannot be passed for a VM's.
import { z } from 'zod';

/** 1–63 characters: lower case letters, digits and dashes, not starting with a dash. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Reserved words of subjects; no tenant, host or VM may have such an id. */
export const RESERVED_IDS: readonly string[] = ['any', 'recovery', 'gateway'];

export const EVENT_ID_PATTERN = /^evt-[a-z0-9]{26,59}$/;

/** The rule of every id but an event's. */
export const isIdText = (text: string): boolean => ID_PATTERN.test(text) && !RESERVED_IDS.includes(text);

const SHAPE = 'must be 1-63 characters of a-z, 0-9 and "-", starting with a letter or digit';

const idText = z
  .string()
  .regex(ID_PATTERN, { error: SHAPE })
  .refine((text) => !RESERVED_IDS.includes(text), { error: `must not be one of ${RESERVED_IDS.join(', ')}` });

export const tenantIdSchema = idText.brand<'TenantId'>();
export const vmIdSchema = idText.brand<'VmId'>();
export const hostIdSchema = idText.brand<'HostId'>();
export const imageIdSchema = idText.brand<'ImageId'>();
export const commandIdSchema = idText.brand<'CommandId'>();
export const eventIdSchema = z
  .string()
  .regex(EVENT_ID_PATTERN, { error: 'must be evt- and a ULID in lower case, or a hash' })
  .brand<'EventId'>();

export type TenantId = z.infer<typeof tenantIdSchema>;
export type VmId = z.infer<typeof vmIdSchema>;
export type HostId = z.infer<typeof hostIdSchema>;
export type ImageId = z.infer<typeof imageIdSchema>;
export type CommandId = z.infer<typeof commandIdSchema>;
export type EventId = z.infer<typeof eventIdSchema>;

/** Each throws a ZodError for an invalid id; use `parseId` for external input. */
export const tenantId = (text: string): TenantId => tenantIdSchema.parse(text);
export const vmId = (text: string): VmId => vmIdSchema.parse(text);
export const hostId = (text: string): HostId => hostIdSchema.parse(text);
export const imageId = (text: string): ImageId => imageIdSchema.parse(text);
export const commandId = (text: string): CommandId => commandIdSchema.parse(text);
export const eventId = (text: string): EventId => eventIdSchema.parse(text);
