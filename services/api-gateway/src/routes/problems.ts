// The problems of several routes.
import { ProblemError } from '../http/problem.ts';

/** Another tenant's VM does not exist: same code, same text (P9). */
export const vmNotFound = (id: string): ProblemError =>
  new ProblemError('vm-not-found', `there is no VM ${id}`, { currentState: 'absent' });

export const operationNotFound = (id: string): ProblemError =>
  new ProblemError('operation-not-found', `there is no operation ${id}`);

export const unknownCursor = (): ProblemError =>
  new ProblemError(
    'invalid-request',
    'cursor is not a nextCursor that this release gave for this list; begin again without it',
    {
      errors: [{ path: 'querystring.cursor', message: 'unknown cursor' }],
    },
  );

export const takesNoBody = (): ProblemError =>
  new ProblemError('invalid-request', 'DELETE takes no body; give force in the query: ?force=true', {
    errors: [{ path: 'body', message: 'must be empty; use ?force=true' }],
  });
