// host.json in the state directory: whose directory it is, and how far in which log that host has got.
import { readFileSync } from 'node:fs';
import { hostIdSchema, timestampSchema } from '@ironlog/schemas';
import { ConfigError } from '@ironlog/service-kit';
import { z } from 'zod';

const hostFileSchema = z.strictObject({
  host: hostIdSchema,
  stateDirectoryId: z.string(),
  /** The log this host wrote to: another creation time, or a shorter log, is another log. */
  log: z.strictObject({ createdAt: z.string(), lastSequence: z.int() }).nullable(),
  /** Up to here in EVENTS every VM that this host claimed has its directory, or is gone. */
  scannedTo: z.int(),
  /** Where EVENTS ended at this host's starts, oldest first. */
  starts: z.array(z.strictObject({ at: timestampSchema, sequence: z.int() })).default([]),
});
export type HostFile = z.infer<typeof hostFileSchema>;

/** As versions before this one wrote it. */
const readSchema = hostFileSchema.partial({ host: true });

/** `undefined`: there is none. @throws ConfigError when it is damaged: a guess would have its VMs' processes ended. */
export const readHostFile = (path: string): z.infer<typeof readSchema> | undefined => {
  try {
    return readSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError) && !(error instanceof z.ZodError)) throw error;
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : error.message;
    throw new ConfigError(
      `${path} cannot be read (${why}): put a copy of it back; or end this host's hypervisor processes by hand, and give IRONLOG_STATE_DIR an empty directory`,
      { cause: error },
    );
  }
};
