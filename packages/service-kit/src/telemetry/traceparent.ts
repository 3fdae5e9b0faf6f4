/** W3C Trace Context `traceparent` values: validation and generation. https://www.w3.org/TR/trace-context/ */
import { randomFillSync } from 'node:crypto';

// Version 00 only; an id of all zeros is invalid by the specification.
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether `value`, possibly from a client's header, is a valid traceparent. */
export const isTraceparent = (value: string | undefined): value is string =>
  value !== undefined && TRACEPARENT.test(value);

/** A trace id and a parent id. */
const ID_BYTES = 24;
/** One system call for many ids: a call per id is a tenth of an HTTP request's cost until its command is published. */
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

/** A traceparent that starts a new trace and is not sampled: it only links events. */
export const newTraceparent = (): string => {
  for (;;) {
    const bytes = randomHex();
    const candidate = `00-${bytes.slice(0, 32)}-${bytes.slice(32)}-00`;
    if (isTraceparent(candidate)) return candidate;
  }
};
