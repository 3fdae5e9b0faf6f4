// Finds the plain-text lines in a log that otherwise has JSON lines: a process's reason not to start.
import { closeSync, openSync, readSync } from 'node:fs';

const MOST_BYTES = 16_384;

/** The lines from byte `from` on, joined; undefined when there are none. */
export const plainLinesIn = (file: string, from: number): string | undefined => {
  const bytes = Buffer.alloc(MOST_BYTES);
  const log = openSync(file, 'r');
  try {
    const text = bytes.toString('utf8', 0, readSync(log, bytes, 0, MOST_BYTES, from));
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    return lines.length === 0 ? undefined : lines.join('; ');
  } finally {
    closeSync(log);
  }
};
