// The body of an HTTP answer as a read worker makes it: JSON in bytes, with gaps for what the gateway alone knows.
import type { WaitingCause } from '../http/views/waiting-cause.ts';

export interface Gap {
  /** The byte before which the gateway may insert. */
  readonly at: number;
  readonly cause: WaitingCause;
}

export interface PageBody {
  /** Alone in its buffer, which is transferred and not copied. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** In the order of the bytes. Equal causes are one object, also after the way between the threads. */
  readonly gaps: readonly Gap[];
}

/** `textOf`: what is inserted; `undefined`: nothing. It is called once for each cause. */
export const filled = ({ bytes, gaps }: PageBody, textOf: (cause: WaitingCause) => string | undefined): Buffer => {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (gaps.length === 0) return whole;
  const texts = new Map<WaitingCause, Buffer>();
  const parts: Buffer[] = [];
  let from = 0;
  for (const { at, cause } of gaps) {
    const text = texts.get(cause) ?? Buffer.from(textOf(cause) ?? '');
    texts.set(cause, text);
    parts.push(whole.subarray(from, at), text);
    from = at;
  }
  return Buffer.concat([...parts, whole.subarray(from)]);
};
