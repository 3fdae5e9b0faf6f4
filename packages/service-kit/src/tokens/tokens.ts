/**
 * Authenticates bearer tokens. A token removed from the file is refused from the next request on; a damaged file refuses all.
 */
import { timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import type { TenantId } from '@ironlog/schemas';
import type { Logger } from '../telemetry/log.ts';
import type { Clock } from '../time/clock.ts';
import { fileVersion, hashToken, type Role, readTokenFile, type TokenEntry } from './token-file.ts';

const MAX_HEADER_CHARACTERS = 512;

/** The authenticated caller of a request; tenant and role come only from here (P9). */
export interface Principal {
  readonly tokenId: string;
  readonly tenant: TenantId;
  readonly role: Role;
}

/** The result for an `Authorization` header. `unavailable`: our file is damaged; the caller's token may be valid. */
export type Authentication =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly code: 'missing' | 'malformed' | 'unknown' | 'expired' | 'unavailable' };

/** The open token file. */
export interface Tokens {
  /** Checks the value of an `Authorization` header, in constant time whichever entry matches. */
  authenticate(header: string | undefined): Authentication;
}

type Loaded =
  | { readonly kind: 'loaded'; readonly version: string; readonly entries: readonly TokenEntry[] }
  | { readonly kind: 'broken'; readonly version: string };

const refuse = (code: Extract<Authentication, { ok: false }>['code']): Authentication => ({ ok: false, code });

const match = (entries: readonly TokenEntry[], token: string): TokenEntry | undefined => {
  const presented = Buffer.from(hashToken(token), 'hex');
  let found: TokenEntry | undefined;
  // No early return: the duration must not reveal which entry matched.
  for (const entry of entries) {
    if (timingSafeEqual(presented, Buffer.from(entry.hash, 'hex'))) found = entry;
  }
  return found;
};

/** Opens the token file at `path`. @throws Error when it cannot be used at start. */
export const openTokens = (path: string, { clock, logger }: { clock: Clock; logger: Logger }): Tokens => {
  let state: Loaded = { kind: 'loaded', ...readTokenFile(path) };

  const currentVersion = (): string => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? 'gone' : fileVersion(stat);
  };
  // One stat per request costs microseconds, and makes a revocation immediate without a watcher that may miss a change.
  const current = (): Loaded => {
    const version = currentVersion();
    if (version === state.version) return state;
    try {
      state = { kind: 'loaded', ...readTokenFile(path) };
      logger.info({ path, count: state.entries.length }, 'tokens reloaded');
    } catch (err) {
      // Keeping the old entries could keep a revoked token valid.
      state = { kind: 'broken', version };
      logger.error({ path, err }, 'the token file cannot be used: every token is refused until it is repaired');
    }
    return state;
  };

  return {
    authenticate: (header) => {
      if (header === undefined) return refuse('missing');
      const token = header.length > MAX_HEADER_CHARACTERS ? undefined : /^Bearer +([\w~+/.=-]+) *$/i.exec(header)?.[1];
      if (token === undefined) return refuse('malformed');
      const loaded = current();
      if (loaded.kind === 'broken') return refuse('unavailable');
      const entry = match(loaded.entries, token);
      if (entry === undefined) return refuse('unknown');
      if (Date.parse(entry.expiresAt) <= clock.now().getTime()) return refuse('expired');
      return { ok: true, principal: { tokenId: entry.id, tenant: entry.tenant, role: entry.role } };
    },
  };
};
