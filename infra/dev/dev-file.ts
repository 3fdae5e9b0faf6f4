// `.ironlog/dev.json`: where the running plane is and how to speak to it, for scripts and tests; for its owner only.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { DEV_FILE, PRIVATE_DIR, privateDirectory } from './paths.ts';

const devSchema = z.strictObject({
  http: z.string(),
  nats: z.string(),
  natsUser: z.string(),
  natsPassword: z.string(),
  token: z.string(),
  tenant: z.string(),
  hosts: z.array(z.string()),
});
export type DevFile = z.infer<typeof devSchema>;

export const writeDevFile = (dev: DevFile): void => {
  privateDirectory(PRIVATE_DIR);
  writeFileSync(`${DEV_FILE}.new`, `${JSON.stringify(dev, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${DEV_FILE}.new`, DEV_FILE);
};

/** @throws Error that says to start the plane first. */
export const readDevFile = (): DevFile => {
  try {
    return devSchema.parse(JSON.parse(readFileSync(DEV_FILE, 'utf8')));
  } catch (cause) {
    throw new Error(`${DEV_FILE} cannot be read: run npm start in another terminal first`, { cause });
  }
};

export const removeDevFile = (): void => rmSync(DEV_FILE, { force: true });
