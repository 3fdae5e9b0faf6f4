// The last lines of a console, for the host's log: as much as tells why a guest has failed.
import { consoleTail } from './console-file.ts';

const BYTES = 4096;
const LINES = 40;

/** `undefined`: there are none, or they cannot be read; what they were to explain is told all the same. */
export const consoleLines = (directory: string): string | undefined => {
  try {
    const text = consoleTail(directory, BYTES)?.bytes.toString();
    return text?.split(/\r?\n/).slice(-LINES).join('\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
};
