/** Writes log lines to a file descriptor. A line that cannot be written is dropped and counted; logging never throws. */
import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** A pipe with a slow reader is full for a short time: the number of tries, with pauses, before a line is dropped. */
const TRIES = 10;
const PAUSE_MS = 5;

/** A destination that counts its dropped lines. */
export interface LogOutput extends DestinationStream {
  readonly dropped: () => number;
  /** Calls `listener` for each line dropped from now on, and once for each dropped before. */
  onDrop(listener: () => void): void;
}

const pauseMs = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EINTR');

/**
 * Writes synchronously, so that the last lines before an exit are not lost. A full disk, a closed pipe or any other error
 * costs only the line: no service may end, and no request fail, because of a log line.
 */
export const createLogOutput = (fd: number, write: typeof writeSync = writeSync): LogOutput => {
  let dropped = 0;
  let listener = (): void => undefined;
  /** The last line is incomplete: the next one must not continue it. */
  let isCut = false;
  const writeAll = (bytes: Buffer): void => {
    let written = 0;
    for (let tries = 0; written < bytes.length; ) {
      try {
        written += write(fd, bytes, written);
        isCut = written < bytes.length;
      } catch (error) {
        tries += 1;
        if (!isBusy(error) || tries >= TRIES) throw error;
        pauseMs(PAUSE_MS);
      }
    }
  };
  return {
    write: (line) => {
      try {
        writeAll(Buffer.from(isCut ? `\n${line}` : line));
      } catch {
        // Only the metric can report it.
        dropped += 1;
        listener();
      }
    },
    dropped: () => dropped,
    onDrop: (wanted) => {
      listener = wanted;
      for (let count = 0; count < dropped; count += 1) wanted();
    },
  };
};

/** Standard output, one for the process: it counts the lines of all loggers. */
export const standardOutput = createLogOutput(1);
