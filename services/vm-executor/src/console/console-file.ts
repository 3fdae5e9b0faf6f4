// A VM's console on disk: `console.log`, which its hypervisor writes, and at most one rotated file.
// Positions count all bytes that the guest has printed, across rotations, epochs and restarts of the executor.
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { consolePathOf } from '@ironlog/hypervisor';

/** `console.<start>-<size>.log`: `start` is its first byte's position, `size` that of console.log when it was truncated. */
const ROTATED = /^console\.(\d+)-(\d+)\.log$/;
const UNFINISHED = /^console\.\d+-(\d+)\.log\.new$/;
/** Enough to distinguish a hole from output, and two outputs. */
const SAMPLE_BYTES = 4096;

interface Rotated {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  readonly truncatedAt: number;
}

export interface ConsoleRange {
  readonly start: number;
  /** The first position in console.log. */
  readonly active: number;
  readonly end: number;
}

interface Layout extends ConsoleRange {
  readonly rotated: Rotated | undefined;
  /** Where its output begins in console.log. */
  readonly offset: number;
}

export interface ConsolePart {
  /** Position of the first byte; later than requested if that is no longer kept. */
  readonly from: number;
  readonly bytes: Buffer;
  readonly end: number;
}

export const errorCode = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** The kept range; `undefined`: no console here. */
export const consoleRange = (directory: string): ConsoleRange | undefined => layoutOf(directory);

/** At most `atMost` bytes from position `from` on. `undefined`: no console here. */
export const readConsole = (directory: string, from: number, atMost: number): ConsolePart | undefined => {
  const layout = layoutOf(directory);
  if (!layout) return undefined;
  const { rotated, offset, start, active, end } = layout;
  const first = Math.min(Math.max(from, start), end);
  const last = Math.min(first + atMost, end);
  const old =
    rotated && first < active ? readAt(rotated.path, first - start, Math.min(last, active) - first) : Buffer.alloc(0);
  const newer =
    last > active || !rotated
      ? readAt(consolePathOf(directory), offset + Math.max(first, active) - active, last - Math.max(first, active))
      : Buffer.alloc(0);
  return { from: first, bytes: Buffer.concat([old, newer]), end };
};

/** The newest `atMost` bytes. */
export const consoleTail = (directory: string, atMost: number): ConsolePart | undefined => {
  const range = consoleRange(directory);
  return range && readConsole(directory, range.end - atMost, atMost);
};

/**
 * Moves the newest `keepBytes` into the rotated file and truncates console.log, which the hypervisor keeps open and
 * continues to write. Output between the last read and the truncation, some microseconds, is lost.
 */
export const rotateConsole = (directory: string, keepBytes: number): void => {
  const path = consolePathOf(directory);
  const kept = consoleTail(directory, keepBytes);
  if (!kept) return;
  const { size } = statSync(path);
  const name = join(directory, `console.${kept.from}-${size}.log`);
  try {
    writeFileSync(`${name}.new`, kept.bytes, { mode: 0o600 });
    finish(directory, name);
  } catch (error) {
    if (errorCode(error) !== 'ENOSPC') throw error;
    // The disk is full: the output is dropped so that the guest can go on. The empty file keeps the position.
    rmSync(`${name}.new`, { force: true });
    const empty = join(directory, `console.${kept.end}-${size}.log`);
    writeFileSync(`${empty}.new`, '', { mode: 0o600 });
    finish(directory, empty);
  }
};

/** Completes a rotation that an executor crash interrupted; call it before watching the console. */
export const recoverRotation = (directory: string): void => {
  for (const entry of readdirSync(directory)) {
    const truncatedAt = UNFINISHED.exec(entry)?.[1];
    if (truncatedAt === undefined) continue;
    const unfinished = join(directory, entry);
    if (isTruncated(directory, unfinished, Number(truncatedAt))) commit(directory, unfinished);
    else rmSync(unfinished, { force: true });
  }
};

const finish = (directory: string, name: string): void => {
  truncateSync(consolePathOf(directory));
  commit(directory, `${name}.new`);
};

const commit = (directory: string, unfinished: string): void => {
  const name = unfinished.slice(0, -'.new'.length);
  renameSync(unfinished, name);
  for (const { path } of rotatedIn(directory)) if (path !== name) rmSync(path, { force: true });
};

/** Whether the first `size` bytes of console.log no longer end with the copied ones. */
const isTruncated = (directory: string, unfinished: string, size: number): boolean => {
  const path = consolePathOf(directory);
  const copied = statSync(unfinished).size;
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) < size) return true;
  const sample = Math.min(copied, size, SAMPLE_BYTES);
  return !readAt(unfinished, copied - sample, sample).equals(readAt(path, size - sample, sample));
};

const layoutOf = (directory: string): Layout | undefined => {
  const path = consolePathOf(directory);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return undefined;
  const rotated = rotatedIn(directory).reduce<Rotated | undefined>(
    (newest, one) => (newest && newest.start + newest.length > one.start + one.length ? newest : one),
    undefined,
  );
  if (!rotated) return { rotated, offset: 0, start: 0, active: 0, end: size };
  const { start, length, truncatedAt } = rotated;
  const offset = hasHole(path, size, truncatedAt) ? truncatedAt : 0;
  const active = start + length;
  return { rotated, offset, start, active, end: active + size - offset };
};

/** A hypervisor that does not append keeps its offset: its output lies behind a hole as long as the truncated part. */
const hasHole = (path: string, size: number, truncatedAt: number): boolean =>
  truncatedAt > 0 &&
  size >= truncatedAt &&
  readAt(path, 0, Math.min(truncatedAt, SAMPLE_BYTES)).every((byte) => byte === 0);

const rotatedIn = (directory: string): Rotated[] =>
  readdirSync(directory).flatMap((name) => {
    const [, start, truncatedAt] = ROTATED.exec(name) ?? [];
    if (start === undefined) return [];
    const path = join(directory, name);
    return [{ path, start: Number(start), length: statSync(path).size, truncatedAt: Number(truncatedAt) }];
  });

const readAt = (path: string, offset: number, length: number): Buffer => {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, fstatSync(file).size - offset)));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset));
  } finally {
    closeSync(file);
  }
};
