// New ids: ULIDs in lower case (sortable by time), or a hash where the same request must give the same id.
import { createHash, randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import { type CommandId, commandId, type EventId, eventId, type VmId, vmId } from './ids.ts';

/**
 * One system call for some 250 ids: the library's default source makes one for each of an id's 16 characters (0.1 ms an id).
 */
const pool = new Uint8Array(4096);
let left = 0;
const random = (): number => {
  if (left === 0) left = randomFillSync(pool).length;
  left -= 1;
  return (pool[left] ?? 0) / 256;
};

const ulid = monotonicFactory(random);
const lowerUlid = (): string => ulid().toLowerCase();

/** 40 hex digits of SHA-256 over the parts, each prefixed with its length, so that no two lists collide. */
const digest = (parts: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex').slice(0, 40);
};

export const newVmId = (): VmId => vmId(`vm-${lowerUlid()}`);
export const newCommandId = (): CommandId => commandId(`cmd-${lowerUlid()}`);
export const newEventId = (): EventId => eventId(`evt-${lowerUlid()}`);

/** The same parts give the same id: idempotency keys, messages without an id, recovery's attempts. */
export const derivedVmId = (...parts: string[]): VmId => vmId(`vm-${digest(parts)}`);
export const derivedCommandId = (...parts: string[]): CommandId => commandId(`cmd-${digest(parts)}`);
export const derivedEventId = (...parts: string[]): EventId => eventId(`evt-${digest(parts)}`);
