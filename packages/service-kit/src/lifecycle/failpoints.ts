/** Failpoints: named points before and after each side effect, where a test can end the process as with kill -9. */
import { z } from 'zod';

/** Passes a failpoint: returns, or ends the process. */
export type Fail<Name extends string> = (point: Name) => void;

/** The failpoint to end at, and the number of the pass. */
export interface FailpointConfig<Name extends string> {
  readonly name: Name;
  readonly nth: number;
}

/** The values of `IRONLOG_FAILPOINT` for these failpoints: `<name>` or `<name>:<n>`. */
export const failpointSchema = <const Name extends string>(names: readonly [Name, ...Name[]]) =>
  z
    .string()
    .transform((text) => ({ name: text.split(':')[0], nth: Number(text.split(':')[1] ?? '1') }))
    .pipe(z.object({ name: z.enum(names), nth: z.int().min(1) }))
    .describe(`for tests, where to die: <name> or <name>:<n>, name one of ${names.join(', ')}`);

/** A no-op when no failpoint is set. */
export const createFailpoints = <Name extends string>(config: FailpointConfig<Name> | undefined): Fail<Name> => {
  if (!config) return () => undefined;
  let left = config.nth;
  return (point) => {
    if (point !== config.name) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
};
