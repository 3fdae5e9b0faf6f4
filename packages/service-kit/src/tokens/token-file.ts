/** The file of bearer tokens with tenant, role and expiry. It holds hashes only, and only its owner may read it. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tenantIdSchema } from '@ironlog/schemas';
import { z } from 'zod';

const roleSchema = z.enum(['viewer', 'operator', 'auditor', 'admin']);

/** The role of a token's bearer. */
export type Role = z.infer<typeof roleSchema>;

const entrySchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  /** SHA-256 of the token, in hex: a token has 256 random bits, so a slow hash would add nothing. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  tenant: tenantIdSchema,
  role: roleSchema,
  expiresAt: z.iso.datetime(),
});

const fileSchema = z
  .strictObject({ tokens: z.array(entrySchema) })
  .refine(({ tokens }) => new Set(tokens.map(({ id }) => id)).size === tokens.length, {
    error: 'two tokens have the same id',
  });

/** A token's entry, without the token. */
export type TokenEntry = z.infer<typeof entrySchema>;

/** SHA-256 of a token in hex, as stored in the file. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** A token of 256 random bits. Only its hash is stored. */
export const newToken = (): string => `ironlog_${randomBytes(32).toString('base64url')}`;

/** Identifies one version of the file: a replaced or edited file differs in at least one part. */
export const fileVersion = (stat: { mtimeMs: number; size: number; ino: number }): string =>
  `${stat.mtimeMs}/${stat.size}/${stat.ino}`;

/** The entries of the file at `path` and its version. @throws Error when it is unreadable, malformed, or open to others. */
export const readTokenFile = (path: string): { entries: readonly TokenEntry[]; version: string } => {
  const file = openSync(path, 'r');
  try {
    // The mode and the content come from one open file, so that it cannot be replaced in between.
    const stat = fstatSync(file);
    const mode = stat.mode & 0o777;
    if (!stat.isFile()) throw new Error(`${path} is not a regular file`);
    if ((mode & 0o077) !== 0) {
      throw new Error(`${path} has mode 0${mode.toString(8)}, so others may read it; run: chmod 600 ${path}`);
    }
    const parsed = fileSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (!parsed.success) throw new Error(`${path} is no token file: ${z.prettifyError(parsed.error)}`);
    return { entries: parsed.data.tokens, version: fileVersion(stat) };
  } finally {
    closeSync(file);
  }
};

/** Replaces the file at `path` atomically, mode 0600: a reader sees the old or the new entries, never a mix. */
export const writeTokenFile = (path: string, entries: readonly TokenEntry[]): void => {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const text = JSON.stringify(fileSchema.parse({ tokens: entries }), null, 2);
    writeFileSync(temporary, `${text}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
};
