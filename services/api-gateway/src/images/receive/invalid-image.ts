// What an upload is refused with: the field or the entry that is wrong, and why.
import { ProblemError } from '../../http/problem.ts';

export const invalidImage = (path: string, message: string): ProblemError =>
  new ProblemError('invalid-request', `the image is not taken: ${path}: ${message}`, { errors: [{ path, message }] });
