/** Builds a service's configuration from the environment, or reports which variable is wrong, how, and what is accepted. */
import type { z } from 'zod';
import { nearestName } from './nearest-name.ts';

const PREFIX = 'IRONLOG_';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An error that only an operator can correct; `run` prints it and exits with 78. */
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

/** The metadata of a variable, found through the wrappers (optional, default) of its schema. */
export const metaOf = (field: z.ZodType): z.core.GlobalMeta | undefined => {
  const { innerType } = (field as z.ZodType & { def: { innerType?: z.ZodType } }).def;
  return field.meta() ?? (innerType && metaOf(innerType));
};

const complaint = (name: string, value: string | undefined, issue: string, field?: z.ZodType): string => {
  const meta = field && metaOf(field);
  // Without a marked field the name decides: rather hide one value too many.
  const secret = meta?.secret === true || /PASSWORD|SECRET|TOKEN|KEY/.test(name);
  const accepts = meta?.description ?? issue;
  if (value === undefined) return `${name} is not set; it takes ${accepts}`;
  // A URL may contain a password.
  const shown = secret ? '[secret]' : JSON.stringify(value.slice(0, 200).replace(/\/\/[^/]*@/g, '//[secret]@'));
  return `${name} is ${shown}; it takes ${accepts}`;
};

/**
 * Builds the configuration from `env` with `schema`. An empty variable counts as not set.
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
