// Named points before and after each side effect, where a test can have the worker die as by kill -9.
import { z } from 'zod';

export const FAILPOINTS = [
  'before-command',
  'after-command',
  'before-verdict',
  'after-verdict',
  'before-ack',
  'after-ack',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

/** `<name>` or `<name>:<n>`: the n-th time that the point is reached. */
export const failpointSchema = z
  .string()
  .transform((text) => ({ name: text.split(':')[0], nth: Number(text.split(':')[1] ?? '1') }))
  .pipe(z.object({ name: z.enum(FAILPOINTS), nth: z.int().min(1) }))
  .describe(`<name> or <name>:<n>, name one of ${FAILPOINTS.join(', ')}`);
export type FailpointConfig = z.output<typeof failpointSchema>;

export type Fail = (point: Failpoint) => void;

/** A function that does nothing when no point is set. */
export const createFailpoints = (config: FailpointConfig | undefined): Fail => {
  if (!config) return () => undefined;
  let left = config.nth;
  return (point) => {
    if (point !== config.name) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
};
