// Times on the wire: RFC 3339 in UTC with milliseconds, so that text order is time order.
import { z } from 'zod';

export const timestampSchema = z.iso.datetime({ precision: 3, error: 'must be RFC 3339 UTC with milliseconds' });
export type Timestamp = z.infer<typeof timestampSchema>;
