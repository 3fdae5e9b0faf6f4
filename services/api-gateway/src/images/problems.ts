// The problems of requests about images.
import type { ImageId } from '@ironlog/schemas';
import { ProblemError } from '../http/problem.ts';

export const imageNotFound = (id: ImageId): ProblemError =>
  new ProblemError('not-found', `there is no image ${id}; GET /v1/images lists them`);
export const imageInUse = (id: ImageId, who: string): ProblemError =>
  new ProblemError('image-in-use', `image ${id} is used by ${who}; delete that first`);
export const imageUnstored = (): ProblemError =>
  new ProblemError('not-durable', 'it is not known whether the image is stored; send it again');
