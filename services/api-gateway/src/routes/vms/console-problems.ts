// What a caller is told where a console cannot be had.
import type { HostId } from '@ironlog/schemas';
import { ProblemError } from '../../http/problem.ts';

export const hostSilent = (host: HostId): ProblemError =>
  new ProblemError('host-unreachable', `host ${host} does not answer, and only it has the console; try again shortly`);
