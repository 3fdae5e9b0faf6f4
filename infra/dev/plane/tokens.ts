// The development token: made once per state directory, shown in the banner; the gateway gets only its hash.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tenantId } from '@ironlog/schemas';
import { hashToken, newToken, writeTokenFile } from '@ironlog/service-kit';

export const DEV_TENANT = tenantId('dev');
const YEAR_MS = 365 * 24 * 3600 * 1000;

export interface DevToken {
  readonly token: string;
  readonly tokensFile: string;
}

/** The token itself is stored (0600) so that it stays the same across starts. */
export const ensureDevToken = (directory: string): DevToken => {
  const kept = join(directory, 'dev-token');
  const tokensFile = join(directory, 'tokens.json');
  if (existsSync(kept) && existsSync(tokensFile)) return { token: readFileSync(kept, 'utf8').trim(), tokensFile };
  const token = newToken();
  const expiresAt = new Date(Date.now() + YEAR_MS).toISOString();
  writeTokenFile(tokensFile, [{ id: 'dev', hash: hashToken(token), tenant: DEV_TENANT, role: 'admin', expiresAt }]);
  writeFileSync(kept, `${token}\n`, { mode: 0o600 });
  return { token, tokensFile };
};
