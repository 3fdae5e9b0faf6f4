// Follows EVENTS batch by batch; a batch is delivered when the previous one is done.
import type { TailOptions } from '../../port.ts';
import type { JetStreamDeps } from '../deps.ts';
import { follow } from './follow.ts';

export const tail = async (
  deps: JetStreamDeps,
  stream: string,
  { after, onBatch, signal }: TailOptions,
): Promise<void> => {
  for await (const batch of follow(deps, { stream, after, signal })) await onBatch(batch);
};
