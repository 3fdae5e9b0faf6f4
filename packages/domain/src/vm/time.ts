// Arithmetic on timestamps: text in, text out, so that the domain needs no clock.
import type { Timestamp } from '@ironlog/schemas';

export const later = (time: Timestamp, ms: number): Timestamp => new Date(Date.parse(time) + ms).toISOString();
export const msBetween = (from: Timestamp, to: Timestamp): number => Date.parse(to) - Date.parse(from);
