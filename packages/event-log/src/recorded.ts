// One stored entry of EVENTS, parsed and hashed on demand, so that a replay pays only for what it uses.
import { hash } from 'node:crypto';
import { type ReadEvent, readStoredEvent } from '@ironlog/schemas';
import type { Recorded } from './port.ts';

/** SHA-256 in hex: of an entry's bytes it is the `prevhash` of the VM's next event. */
export const hashOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

export interface StoredBytes {
  readonly sequence: number;
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** Functions, because parsing headers and times costs more than the delivery. */
  readonly storedAt: () => Date;
  readonly messageId: () => string | undefined;
}

class StoredEntry implements Recorded {
  readonly sequence: number;
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly #stored: StoredBytes;
  #hash: string | undefined;
  #read: ReadEvent | undefined;

  constructor(stored: StoredBytes) {
    this.sequence = stored.sequence;
    this.subject = stored.subject;
    this.bytes = stored.bytes;
    this.#stored = stored;
  }

  get hash(): string {
    this.#hash ??= hashOf(this.bytes);
    return this.#hash;
  }

  get storedAt(): Date {
    return this.#stored.storedAt();
  }

  get messageId(): string | undefined {
    return this.#stored.messageId();
  }

  get read(): ReadEvent {
    this.#read ??= readStoredEvent(this.subject, this.bytes);
    return this.#read;
  }
}

export const recorded = (stored: StoredBytes): Recorded => new StoredEntry(stored);
