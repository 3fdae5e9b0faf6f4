// Users and passwords of one state directory: random, made once, stored for its owner only.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const storedSchema = z.strictObject({ serverName: z.string(), passwords: z.record(z.string(), z.string()) });

export interface NatsCredentials {
  /** Unique to the state directory: a client identifies the server by it. */
  readonly serverName: string;
  /** The same password at every start; made on first use. */
  passwordOf(user: string): string;
}

/** @throws Error when the file exists and was not written by this module. */
export const openCredentials = (directory: string): NatsCredentials => {
  const file = join(directory, 'credentials.json');
  const stored = existsSync(file)
    ? storedSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    : { serverName: `ironlog-${randomBytes(8).toString('hex')}`, passwords: {} };
  const save = (): void => {
    writeFileSync(`${file}.new`, JSON.stringify(stored), { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  };
  save();
  return {
    serverName: stored.serverName,
    passwordOf: (user) => {
      const known = stored.passwords[user];
      if (known !== undefined) return known;
      const made = randomBytes(24).toString('base64url');
      stored.passwords[user] = made;
      save();
      return made;
    },
  };
};
