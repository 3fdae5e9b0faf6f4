// The refusal of an upload: the invalid field or entry, and the reason.
import { ProblemError } from '../../http/problem.ts';

export const invalidImage = (path: string, message: string): ProblemError =>
  new ProblemError('invalid-request', `the image is not taken: ${path}: ${message}`, { errors: [{ path, message }] });
