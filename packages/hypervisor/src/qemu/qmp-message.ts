// The messages of QMP: a greeting, answers by id, and events (QEMU's docs/interop/qmp-spec).
import { z } from 'zod';

const greetingSchema = z.object({ QMP: z.object({ version: z.unknown() }) });
const returnSchema = z.object({ return: z.unknown(), id: z.int() });
const errorSchema = z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.int().optional() });
const eventSchema = z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).optional() });

export type QmpMessage =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'return'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly class: string; readonly description: string }
  | { readonly kind: 'event'; readonly name: string; readonly data: Readonly<Record<string, unknown>> };

/** Null for a line that is no QMP message. */
export function parseQmp(line: string): QmpMessage | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const event = eventSchema.safeParse(json);
  if (event.success) return { kind: 'event', name: event.data.event, data: event.data.data ?? {} };
  const error = errorSchema.safeParse(json);
  if (error.success) {
    const { id } = error.data;
    return { kind: 'error', id, class: error.data.error.class, description: error.data.error.desc };
  }
  const value = returnSchema.safeParse(json);
  // zod leaves an absent key of unknown type undefined: `return` must be present.
  if (value.success && value.data.return !== undefined)
    return { kind: 'return', id: value.data.id, value: value.data.return };
  return greetingSchema.safeParse(json).success ? { kind: 'greeting' } : null;
}
