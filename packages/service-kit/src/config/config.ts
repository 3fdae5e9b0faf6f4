/** Turns the environment into a service's configuration, or says which variable is wrong, how, and what is accepted. */
import type { z } from 'zod';
import { nearestName } from './nearest-name.ts';

const PREFIX = 'IRONLOG_';

/** Variables by name, as a process gets them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What an operator must change before a start can succeed; `run` prints it and exits 78. */
export class ConfigError extends Error {
  readonly code = 'config';
  override readonly name = 'ConfigError';
}

const shapeOf = (schema: z.ZodType): z.ZodRawShape => {
  const { def } = schema as z.ZodType & { def: { shape?: z.ZodRawShape; in?: z.ZodType } };
  if (def.in !== undefined) return shapeOf(def.in);
  if (def.shape === undefined) throw new Error('an environment schema is a z.object, or one with a transform');
  return def.shape;
};

/** What is said of a variable, through the wrappings (optional, default) that its schema has. */
export const metaOf = (field: z.ZodType): z.core.GlobalMeta | undefined => {
  const { innerType } = (field as z.ZodType & { def: { innerType?: z.ZodType } }).def;
  return field.meta() ?? (innerType && metaOf(innerType));
};

const complaint = (name: string, value: string | undefined, issue: string, field?: z.ZodType): string => {
  const meta = field && metaOf(field);
  // A variable without a marked field is judged by its name: better one value too few on a screen.
  const secret = meta?.secret === true || /PASSWORD|SECRET|TOKEN|KEY/.test(name);
  const accepts = meta?.description ?? issue;
  if (value === undefined) return `${name} is not set; it takes ${accepts}`;
  // A URL may carry a password.
  const shown = secret ? '[secret]' : JSON.stringify(value.slice(0, 200).replace(/\/\/[^/]*@/g, '//[secret]@'));
  return `${name} is ${shown}; it takes ${accepts}`;
};

/**
 * The configuration that `schema` makes of `env`. A variable set to nothing counts as not set.
 * @throws ConfigError naming every variable that is missing, wrong, or unknown (a typo must not become a default).
 */
export const loadConfig = <Schema extends z.ZodType>(schema: Schema, env: Environment): z.output<Schema> => {
  const shape = shapeOf(schema);
  const known = Object.keys(shape);
  const given = Object.fromEntries(known.map((name) => [name, env[name] === '' ? undefined : env[name]]));
  const unknown = Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .map((name) => `${name} is not a variable of this service; the nearest is ${nearestName(name, known)}`);
  const result = schema.safeParse(given);
  const wrong = (result.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0] ?? known.join(', '));
    const field = shape[name];
    return field === undefined ? issue.message : complaint(name, given[name], issue.message, field as z.ZodType);
  });
  const complaints = [...new Set([...unknown, ...wrong])];
  if (complaints.length > 0 || !result.success) throw new ConfigError(complaints.join('\n'));
  return result.data;
};
