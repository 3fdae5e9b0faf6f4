/** W3C Trace Context `traceparent` values: what is a valid one, and how to make one. https://www.w3.org/TR/trace-context/ */
import { randomFillSync } from 'node:crypto';

// Version 00 exactly; an id of all zeros is invalid by the specification.
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether `value`, which may come from a stranger's header, is a valid traceparent. */
export const isTraceparent = (value: string | undefined): value is string =>
  value !== undefined && TRACEPARENT.test(value);

/** A trace id and a parent id. */
const ID_BYTES = 24;
/** One system call for so many: it is a tenth of what an HTTP request costs until its command is published. */
const pool = Buffer.alloc(ID_BYTES * 128);
let used = pool.length;
const randomHex = (): string => {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString('hex', used - ID_BYTES, used);
};

/** A traceparent that starts a trace of its own and is not sampled: it only ties events together. */
export const newTraceparent = (): string => {
  for (;;) {
    const bytes = randomHex();
    const candidate = `00-${bytes.slice(0, 32)}-${bytes.slice(32)}-00`;
    if (isTraceparent(candidate)) return candidate;
  }
};
