// Checks that the log is the one this host has used. Before anything is reaped, that must be certain (P4).
import type { LogInfo } from '@ironlog/event-log';
import type { HostFile } from './host-file.ts';

/**
 * `undefined`: it is, or this host has used none. Otherwise the reason, and the action required. `newestSnapshot`: the
 * highest sequence of a VM's snapshot; 0: there is none.
 */
export const whyAnotherLog = (
  { log }: HostFile,
  info: LogInfo,
  newestSnapshot: number,
): { reason: string; actionRequired: string } | undefined => {
  if (!log) return undefined;
  const seen = Math.max(log.lastSequence, newestSnapshot);
  const actionRequired =
    'point the executor at the log it belongs to; or, if that log is lost for good, end its VMs by hand and start it on an empty state directory';
  const createdAt = info.createdAt.toISOString();
  if (createdAt !== log.createdAt)
    return {
      reason: `EVENTS was created at ${createdAt}, this host worked with one of ${log.createdAt}`,
      actionRequired,
    };
  if (info.lastSequence < seen) {
    return {
      reason: `EVENTS ends at ${info.lastSequence}, this host has seen ${seen}: an older copy was put back`,
      actionRequired,
    };
  }
  return undefined;
};
