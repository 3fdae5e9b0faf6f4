// A day of usage: UTC, `2026-01-31`, whose text order is time order.
import type { Timestamp } from '@ironlog/schemas';

export const DAY_MS = 86_400_000;

export const dayOf = (at: Timestamp): string => at.slice(0, '2026-01-31'.length);
export const dayAfter = (day: string): string => dayOf(new Date(Date.parse(day) + DAY_MS).toISOString());
