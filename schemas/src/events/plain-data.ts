// A fast check of data, built once from a zod schema's definition, for reading every event of the log. It accepts only what
// the schema accepts and returns unchanged, in the same order (a property test compares them, event by event). zod validates
// everything else.
import type { z } from 'zod';

/** For a value of `JSON.parse`. True: the schema returns an equal value. False: ask the schema. */
export type FastCheck = (value: unknown) => boolean;

const never: FastCheck = () => false;

export const fastCheckOf = (schema: z.core.$ZodType): FastCheck => {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const shape = fastCheckOfType(def);
  const checks = (def.checks ?? []).map(fastCheckOfRefinements);
  if (shape === never || checks.includes(never)) return never;
  const [first, second] = checks;
  if (!first) return shape;
  if (!second) return (value) => shape(value) && first(value);
  return (value) => shape(value) && checks.every((check) => check(value));
};

type Definition = z.core.$ZodTypes['_zod']['def'];

const fastCheckOfType = (def: Definition): FastCheck => {
  switch (def.type) {
    case 'string':
      return def.coerce ? never : fastCheckOfString(def);
    case 'number':
      return def.coerce ? never : fastCheckOfNumber(def);
    case 'boolean':
      return def.coerce ? never : (value) => value === true || value === false;
    case 'enum':
      return oneOf(Object.values(def.entries));
    case 'literal':
      return oneOf(def.values);
    case 'nullable': {
      const inner = fastCheckOf(def.innerType);
      return (value) => value === null || inner(value);
    }
    // The object handles an absent member; zod fills in a default.
    case 'optional':
    case 'default':
    case 'prefault':
      return fastCheckOf(def.innerType);
    case 'array': {
      const element = fastCheckOf(def.element);
      return (value) => Array.isArray(value) && value.every(element);
    }
    case 'record':
      return fastCheckOfRecord(def);
    case 'object':
      return fastCheckOfObject(def);
    case 'union':
      return fastCheckOfUnion(def);
    default:
      return never;
  }
};

const isText: FastCheck = (value) => typeof value === 'string';

const fastCheckOfString = (def: z.core.$ZodStringDef): FastCheck => {
  if (!('format' in def)) return isText;
  const { format, pattern } = def as z.core.$ZodStringFormatDef;
  // Other formats check more than their pattern.
  return format === 'datetime' && pattern ? matching(pattern) : never;
};

const fastCheckOfNumber = (def: z.core.$ZodNumberDef): FastCheck => {
  if (!('format' in def)) return Number.isFinite;
  return def.format === 'safeint' ? Number.isSafeInteger : never;
};

/** A stateful pattern (`g`, `y`) answers differently each time. */
const matching = (pattern: RegExp): FastCheck =>
  pattern.global || pattern.sticky ? never : (value) => typeof value === 'string' && pattern.test(value);

const oneOf = (values: readonly z.core.util.Literal[]): FastCheck => {
  const known = new Set<unknown>(values);
  return (value) => known.has(value);
};

/** zod runs a check only on a value of the right shape; so does this. */
const fastCheckOfRefinements = (check: z.core.$ZodCheck<never>): FastCheck => {
  const def = (check as unknown as z.core.$ZodChecks)._zod.def;
  switch (def.check) {
    case 'max_length':
      return (value) => lengthOf(value) <= def.maximum;
    case 'min_length':
      // zod counts code points; a string may have half as many as code units.
      return (value) => lengthOf(value) >= 2 * def.minimum - 1;
    case 'greater_than':
      return bounded(def, (value, bound) => value > bound);
    case 'less_than':
      return bounded(def, (value, bound) => value < bound);
    case 'string_format':
      return def.format === 'regex' && def.pattern ? matching(def.pattern) : never;
    default:
      return fastCheckOfRefinement(def);
  }
};

interface Bound {
  readonly value: unknown;
  readonly inclusive: boolean;
}
const bounded = ({ value: bound, inclusive }: Bound, within: (value: number, bound: number) => boolean): FastCheck => {
  if (typeof bound !== 'number') return never;
  return (value) => typeof value === 'number' && (within(value, bound) || (inclusive && value === bound));
};

const lengthOf = (value: unknown): number => (typeof value === 'string' || Array.isArray(value) ? value.length : NaN);

const fastCheckOfRefinement = (def: object): FastCheck => {
  const { check, fn } = def as Partial<z.core.$ZodCustomDef>;
  // By contract it has no side effect; a promise is not supported.
  return check === 'custom' && fn ? (value) => fn(value) === true : never;
};

const fastCheckOfRecord = ({ keyType, valueType, mode, partial }: z.core.$ZodRecordDef): FastCheck => {
  if (mode !== undefined || partial || keyType._zod.values) return never;
  const [isKey, isValue] = [fastCheckOf(keyType), fastCheckOf(valueType)];
  return (value) => {
    if (!isObject(value)) return false;
    for (const key in value) if (key === '__proto__' || !isKey(key) || !isValue(value[key])) return false;
    return true;
  };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members must be in the schema's order, the order of its output; another order or an unknown member is not accepted. */
const fastCheckOfObject = ({ shape, catchall }: z.core.$ZodObjectDef): FastCheck => {
  if (catchall?._zod.def.type !== 'never') return never;
  const names = Object.keys(shape);
  const fastChecks = Object.values(shape).map((member) => fastCheckOf(member));
  const mayLack = Object.values(shape).map((member) => member._zod.optin === 'optional');
  return (value) => {
    if (!isObject(value)) return false;
    let at = 0;
    for (const key in value) {
      while (names[at] !== key) {
        if (mayLack[at] !== true) return false;
        at += 1;
      }
      if (fastChecks[at]?.(value[key]) !== true) return false;
      at += 1;
    }
    for (; at < names.length; at += 1) if (mayLack[at] !== true) return false;
    return true;
  };
};

/**
 * zod returns the result of the first option that accepts the value, changed or not: after the first option, only a value that
 * no option changes is certain.
 */
const fastCheckOfUnion = ({ options }: z.core.$ZodUnionDef): FastCheck => {
  const isPlainWord = (option: z.core.$ZodType): boolean =>
    (option._zod.def.type === 'enum' || option._zod.def.type === 'literal') && !option._zod.def.checks?.length;
  if (!options.every(isPlainWord)) return options[0] ? fastCheckOf(options[0]) : never;
  const fastChecks = options.map((option) => fastCheckOf(option));
  return (value) => fastChecks.some((fastCheck) => fastCheck(value));
};
