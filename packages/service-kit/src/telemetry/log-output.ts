/** Where log lines go: a file descriptor. A line that cannot be written is dropped and counted; logging never throws. */
import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** A pipe whose reader is slow is full for a moment: so many tries, with a pause between, before its line is dropped. */
const TRIES = 10;
const PAUSE_MS = 5;

/** A destination that tells how many lines it has dropped. */
export interface LogOutput extends DestinationStream {
  readonly dropped: () => number;
  /** Calls `listener` for each line that is dropped from now on, and once for each that was dropped before. */
  onDrop(listener: () => void): void;
}

const pauseMs = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EINTR');

/**
 * Writes synchronously, so that the last lines before an exit are not lost. A full disk, a closed pipe or any other error
 * costs the line and nothing else: a service must not end, and a request must not fail, because it cannot be logged.
 */
export const createLogOutput = (fd: number, write: typeof writeSync = writeSync): LogOutput => {
  let dropped = 0;
  let listener = (): void => undefined;
  /** A line was cut off: the next one must not continue it. */
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
        // There is nowhere to report it but the metric.
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

/** Standard output, one for the process: its count is of all loggers together. */
export const standardOutput = createLogOutput(1);
