// Parses a message's stream sequence and storage time from its ack subject: `$JS.ACK.[<domain>.<account
// hash>.]<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<nanoseconds>.…` (ADR-15).

const DOT = 0x2e;
const ZERO = 0x30;
const NANOS_IN_A_MS = 1_000_000;

/** For one consumer: its name ends the part that may have a domain. */
export class AckSubject {
  readonly #before: string;

  constructor(stream: string, consumer: string) {
    this.#before = `.${stream}.${consumer}.`;
  }

  /** Parsed by hand, because a replay calls it per message: the client splits the subject into eleven strings. */
  sequence(reply: string): number {
    let at = reply.indexOf('.', this.#deliveries(reply)) + 1;
    let sequence = 0;
    for (let digit = reply.charCodeAt(at); digit !== DOT; digit = reply.charCodeAt(at)) {
      if (!(digit >= ZERO && digit <= ZERO + 9)) throw new Error(`${reply} names no stream sequence`);
      sequence = sequence * 10 + (digit - ZERO);
      at += 1;
    }
    return sequence;
  }

  storedAt(reply: string): Date {
    const [, , , nanos] = reply.slice(this.#deliveries(reply)).split('.');
    return new Date(Math.floor(Number(nanos) / NANOS_IN_A_MS));
  }

  #deliveries(reply: string): number {
    const at = reply.indexOf(this.#before);
    if (at < 0) throw new Error(`${reply} acknowledges no message of ${this.#before.slice(1, -1)}`);
    return at + this.#before.length;
  }
}
