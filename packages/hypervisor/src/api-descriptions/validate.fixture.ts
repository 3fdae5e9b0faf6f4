// Validates a value against a schema of an API description; an unknown field is a fault.
import { z } from 'zod';

export interface Schema {
  readonly $ref?: string | undefined;
  readonly type?: string | undefined;
  readonly required?: readonly string[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly items?: Schema | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
}

export const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.string().optional(),
    required: z.array(z.string()).optional(),
    properties: z.record(z.string(), schemaSchema).optional(),
    items: schemaSchema.optional(),
    enum: z.array(z.unknown()).optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
  }),
);

export type Definitions = Readonly<Record<string, Schema>>;

/** A sentence for each fault; `at`: path in the body. */
export function faultsOf(value: unknown, schema: Schema, definitions: Definitions, at = 'body'): string[] {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) {
    const referred = definitions[name];
    return referred === undefined ? [`${at}: no definition of ${name}`] : faultsOf(value, referred, definitions, at);
  }
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${at}: ${JSON.stringify(value)} is none of ${schema.enum.join(', ')}`];
  switch (schema.type) {
    case 'object':
      return objectFaults(value, schema, definitions, at);
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((item, index) => faultsOf(item, schema.items ?? {}, definitions, `${at}[${index}]`))
        : [`${at} is no array`];
    case 'integer':
      return integerFaults(value, schema, at);
    case 'string':
    case 'boolean':
      return typeof value === schema.type ? [] : [`${at} is no ${schema.type}`];
    default:
      return [`${at}: a schema of type ${schema.type} is not understood`];
  }
}

function objectFaults(value: unknown, schema: Schema, definitions: Definitions, at: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`];
  const missing = (schema.required ?? [])
    .filter((field) => !(field in value))
    .map((field) => `${at}.${field} is missing`);
  const faults = Object.entries(value).flatMap(([field, part]) => {
    const known = schema.properties?.[field];
    return known === undefined ? [`${at}.${field} is unknown`] : faultsOf(part, known, definitions, `${at}.${field}`);
  });
  return [...missing, ...faults];
}

function integerFaults(value: unknown, { minimum, maximum }: Schema, at: string): string[] {
  if (typeof value !== 'number' || !Number.isInteger(value)) return [`${at} is no integer`];
  if (minimum !== undefined && value < minimum) return [`${at} is below ${minimum}`];
  return maximum !== undefined && value > maximum ? [`${at} is above ${maximum}`] : [];
}
