// host.json in the state directory: the owning host, its log, and its progress in that log.
import { readFileSync } from 'node:fs';
import { hostIdSchema, timestampSchema } from '@ironlog/schemas';
import { ConfigError } from '@ironlog/service-kit';
import { z } from 'zod';

const hostFileSchema = z.strictObject({
  host: hostIdSchema,
  stateDirectoryId: z.string(),
  /** The log that this host used. Another creation time, or a shorter log, is another log. */
  log: z.strictObject({ createdAt: z.string(), lastSequence: z.int() }).nullable(),
  /** Up to this sequence of EVENTS every VM claimed by this host has its directory, or is gone. */
  scannedTo: z.int(),
  /** The last sequence of EVENTS at this host's starts, oldest first. */
  starts: z.array(z.strictObject({ at: timestampSchema, sequence: z.int() })).default([]),
});
export type HostFile = z.infer<typeof hostFileSchema>;

/** As earlier versions wrote it. */
const readSchema = hostFileSchema.partial({ host: true });

/** `undefined`: no such file. @throws ConfigError when it is damaged: a guess would end its VMs' processes. */
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
