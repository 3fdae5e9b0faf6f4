// Builds the accepted command for WORK from a validated submission.
import { workCommand } from '@ironlog/domain';
import type { ImageManifest, WorkCommand } from '@ironlog/schemas';
import type { Validated } from './submission.ts';

export const workCommandOf = (
  { submission, id, vmId, action, request }: Validated,
  image: ImageManifest | undefined,
): WorkCommand => {
  const { tenant, actor, traceparent, expectedRevision } = submission;
  return workCommand({
    writer: 'gateway',
    id,
    tenant,
    vmId,
    actor,
    action,
    request,
    traceparent,
    expectedRevision,
    image,
  });
};
