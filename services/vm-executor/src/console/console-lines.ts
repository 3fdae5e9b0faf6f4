// The last lines of a console, for the host's log: enough to diagnose a failed guest.
import { consoleTail } from './console-file.ts';

const BYTES = 4096;
const LINES = 40;

/** `undefined`: none, or unreadable; the caller still logs the failure. */
export const consoleLines = (directory: string): string | undefined => {
  try {
    const text = consoleTail(directory, BYTES)?.bytes.toString();
    return text?.split(/\r?\n/).slice(-LINES).join('\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
};
