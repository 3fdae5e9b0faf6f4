// Refuses a state directory inside another's, or around it: a change to one would affect the other.
import { dirname } from 'node:path';
import { findPlaneProcesses } from '../processes/plane-processes.ts';
import { UsageError } from '../usage-error.ts';
import { lockHolder } from './lock.ts';

const lies = (inner: string, outer: string): boolean => inner.startsWith(outer === '/' ? outer : `${outer}/`);

const above = (path: string): readonly string[] => {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...above(parent)];
};

const refuse = (stateDir: string, other: string, who: string): never => {
  const where = lies(stateDir, other) ? 'inside' : 'around';
  throw new UsageError(`${stateDir} is ${where} ${other}, which ${who} uses; stop that, or use another --state-dir`);
};

/** `stateDir`: absolute, real path. @throws UsageError that names the other directory and its process. */
export const refuseNestedDirectories = async (stateDir: string): Promise<void> => {
  for (const outer of above(stateDir)) {
    const holder = await lockHolder(outer);
    if (holder) refuse(stateDir, outer, `another npm start (pid ${holder.pid})`);
  }
  for (const { name, identity, stateDir: other } of await findPlaneProcesses())
    if (lies(stateDir, other) || lies(other, stateDir)) refuse(stateDir, other, `a ${name} (pid ${identity.pid})`);
};
