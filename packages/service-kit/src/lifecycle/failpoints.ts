/** Named points before and after each side effect of a service, where a test can have it die as by kill -9. */
import { z } from 'zod';

/** Passes a point: nothing happens, or the process is gone. */
export type Fail<Name extends string> = (point: Name) => void;

/** Where to die: the n-th time that the point is reached. */
export interface FailpointConfig<Name extends string> {
  readonly name: Name;
  readonly nth: number;
}

/** What `IRONLOG_FAILPOINT` may say to a service with these points: `<name>` or `<name>:<n>`. */
export const failpointSchema = <const Name extends string>(names: readonly [Name, ...Name[]]) =>
  z
    .string()
    .transform((text) => ({ name: text.split(':')[0], nth: Number(text.split(':')[1] ?? '1') }))
    .pipe(z.object({ name: z.enum(names), nth: z.int().min(1) }))
    .describe(`for tests, where to die: <name> or <name>:<n>, name one of ${names.join(', ')}`);

/** A function that does nothing when no point is set. */
export const createFailpoints = <Name extends string>(config: FailpointConfig<Name> | undefined): Fail<Name> => {
  if (!config) return () => undefined;
  let left = config.nth;
  return (point) => {
    if (point !== config.name) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
};
