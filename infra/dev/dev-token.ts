// The development token: as good as any (256 random bits, stored hashed, it expires), and kept while it is valid,
// so that a line pasted yesterday works today.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TenantId } from '@ironlog/schemas';
import { hashToken, newToken, writeTokenFile } from '@ironlog/service-kit';
import { z } from 'zod';
import { privateDirectory } from './paths.ts';

const DAY_MS = 24 * 3600 * 1000;
const VALID_DAYS = 30;
const ID = 'dev';

const storedSchema = z.object({
  tokens: z.array(z.object({ id: z.string(), hash: z.string(), expiresAt: z.string() })),
});

export interface DevToken {
  readonly token: string;
  /** Absolute; the gateway's IRONLOG_TOKENS_FILE. */
  readonly tokensFile: string;
}

const stillValid = (file: string, token: string, now: number): boolean => {
  if (!existsSync(file)) return false;
  const { tokens } = storedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return tokens.some(
    ({ id, hash, expiresAt }) => id === ID && hash === hashToken(token) && Date.parse(expiresAt) > now + DAY_MS,
  );
};

/** `known`: the token of the last run. @throws Error when the token file is there and not ours. */
export const openDevToken = (stateDir: string, tenant: TenantId, known: string | undefined): DevToken => {
  const tokensFile = join(privateDirectory(join(stateDir, 'gateway')), 'tokens.json');
  const now = Date.now();
  if (known !== undefined && stillValid(tokensFile, known, now)) return { token: known, tokensFile };
  const token = newToken();
  const expiresAt = new Date(now + VALID_DAYS * DAY_MS).toISOString();
  writeTokenFile(tokensFile, [{ id: ID, hash: hashToken(token), tenant, role: 'admin', expiresAt }]);
  return { token, tokensFile };
};
