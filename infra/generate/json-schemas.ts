// JSON Schema of every message and view in the contract, from the zod schemas that check them.
import {
  commandRejectedSchema,
  HOST_EVENT_NAMES,
  heartbeatSchema,
  hostEventData,
  IMAGE_EVENT_NAMES,
  imageEventData,
  imageJsonSchema,
  ingressCommandSchema,
  operationSchema,
  problemSchema,
  VERBS,
  VM_EVENT_NAMES,
  verbParams,
  vmEventData,
  vmSpecSchema,
  vmViewSchema,
  workCommandSchema,
} from '@ironlog/schemas';
import { z } from 'zod';

const named: Readonly<Record<string, z.ZodType>> = {
  'vm-spec': vmSpecSchema,
  'vm-view': vmViewSchema,
  operation: operationSchema,
  problem: problemSchema,
  heartbeat: heartbeatSchema,
  'work-command': workCommandSchema,
  'ingress-command': ingressCommandSchema,
  'command-rejected': commandRejectedSchema,
  ...Object.fromEntries(VERBS.map((verb) => [`params-${verb}`, verbParams[verb]])),
  ...Object.fromEntries(VM_EVENT_NAMES.map((name) => [`vm-event-${name}`, vmEventData[name]])),
  ...Object.fromEntries(IMAGE_EVENT_NAMES.map((name) => [`image-event-${name}`, imageEventData[name]])),
  'image-json': imageJsonSchema,
  ...Object.fromEntries(HOST_EVENT_NAMES.map((name) => [`host-event-${name}`, hostEventData[name]])),
};

/** A sender's form: defaults are optional. */
export const jsonSchemaOf = (schema: z.ZodType): object =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

export const jsonSchemas = (): ReadonlyMap<string, object> =>
  new Map(Object.entries(named).map(([name, schema]) => [name, jsonSchemaOf(schema)]));
