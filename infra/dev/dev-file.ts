// `.ironlog/dev.json`: where the running plane is and how to speak to it, for scripts and tests; for its owner only.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

/** Returns how to take it away again, unless another start with another state directory has written its own meanwhile. */
export const writeDevFile = (dev: DevFile): (() => void) => {
  privateDirectory(PRIVATE_DIR);
  const text = `${JSON.stringify(dev, null, 2)}\n`;
  const written = `${DEV_FILE}.${process.pid}`;
  writeFileSync(written, text, { mode: 0o600 });
  renameSync(written, DEV_FILE);
  return () => {
    if (existsSync(DEV_FILE) && readFileSync(DEV_FILE, 'utf8') === text) rmSync(DEV_FILE, { force: true });
  };
};

/** @throws Error that says to start the plane first. */
export const readDevFile = (): DevFile => {
  try {
    return devSchema.parse(JSON.parse(readFileSync(DEV_FILE, 'utf8')));
  } catch (cause) {
    throw new Error(`${DEV_FILE} cannot be read: run npm start in another terminal first`, { cause });
  }
};
