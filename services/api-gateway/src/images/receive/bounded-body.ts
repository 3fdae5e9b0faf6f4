// An upload's bytes, bounded in size and in the pauses between chunks.
import { ProblemError } from '../../http/problem.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** Longest pause between two chunks. */
  readonly idleMs: number;
}

const MIB = 1024 * 1024;

export const tooLarge = (maxBytes: number): ProblemError =>
  new ProblemError('payload-too-large', `the image is larger than ${Math.floor(maxBytes / MIB)} MiB`);

export const boundedBody = async function* (
  body: AsyncIterable<Uint8Array>,
  { maxBytes, idleMs }: BodyLimits,
): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]();
  let bytes = 0;
  try {
    for (;;) {
      const next = await within(idleMs, pieces.next());
      if (next.done) return;
      bytes += next.value.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      yield next.value;
    }
  } finally {
    void pieces.return?.().catch(() => undefined);
  }
};

const within = async <T>(ms: number, promise: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new ProblemError('request-timeout', `nothing of the body came within ${ms / 1000} s`)),
    ms,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
