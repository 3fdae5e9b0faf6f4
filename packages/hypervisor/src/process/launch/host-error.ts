// A host file error as a refusal: a message for the VM's tenant, with the path and the code for the log.
import { type Refusal, refusal } from '../../outcome.ts';

const WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'its directory is not there'],
  ['ENOSPC', "the host's disk is full"],
  ['EDQUOT', "the host's disk is full"],
  ['EROFS', "the host's disk may not be written to"],
  ['EACCES', 'the executor may not do that on this host'],
  ['EPERM', 'the executor may not do that on this host'],
  ['EMFILE', 'the host has too many files open'],
  ['ENFILE', 'the host has too many files open'],
  ['EIO', "the host's disk fails"],
]);

/** `what` failed on the VM's files; a retry may succeed later. */
export const hostError = (stage: string, what: string, error: unknown): Refusal => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = WORDS.get(code) ?? 'something on the host is in the way';
  return refusal('failed', stage, `${what}: ${why}`, error instanceof Error ? error.message : String(error));
};
