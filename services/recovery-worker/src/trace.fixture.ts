// For tests: traceparents, and the trace id in one.
import { randomBytes } from 'node:crypto';

export const newTraceparent = (): string =>
  `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
export const traceIdOf = (traceparent: string | undefined): string | undefined => traceparent?.split('-')[1];
