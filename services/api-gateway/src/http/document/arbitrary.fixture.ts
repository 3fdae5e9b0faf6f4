// Generates values from the schemas of the OpenAPI document, as a client generator does: they satisfy the document.
import fc from 'fast-check';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: boolean | Schema;
}

const MOST = 5;

const strings = ({ pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> => {
  const drawn =
    pattern === undefined
      ? fc.string({ minLength, maxLength })
      : fc.stringMatching(new RegExp(pattern), { size: '-1' });
  return drawn.filter((text) => text.length >= minLength && text.length <= maxLength);
};

const objects = (schema: Schema): fc.Arbitrary<unknown> => {
  const { properties = {}, required = [], propertyNames, additionalProperties } = schema;
  const known = fc.record(Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, arbitraryOf(of)])), {
    requiredKeys: required.filter((name) => name in properties),
    noNullPrototype: true,
  });
  if (typeof additionalProperties !== 'object') return known;
  const names = propertyNames ? strings({ type: 'string', ...propertyNames }) : fc.string();
  const more = fc.dictionary(names, arbitraryOf(additionalProperties), { maxKeys: 3, noNullPrototype: true });
  return fc.tuple(more, known).map(([others, own]) => ({ ...others, ...own }));
};

/** @throws Error for a keyword that the document does not use today. */
export const arbitraryOf = (schema: Schema): fc.Arbitrary<unknown> => {
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return fc.oneof(...either.map(arbitraryOf));
  switch (schema.type) {
    case 'string':
      return strings(schema);
    case 'integer':
      return fc.integer({
        min: schema.minimum ?? (schema.exclusiveMinimum ?? -1) + 1,
        max: Math.min(schema.maximum ?? 2 ** 31 - 1, 2 ** 31 - 1),
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? MOST, MOST),
      });
    case 'object':
      return objects(schema);
    default:
      throw new Error(`no values are drawn from ${JSON.stringify(schema)}`);
  }
};
