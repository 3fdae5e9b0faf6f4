// Is this the log that this host has worked with? Before anything is reaped, that must be certain (P4).
import type { LogInfo } from '@ironlog/event-log';
import type { HostFile } from './host-file.ts';

/**
 * `undefined`: it is, or this host has worked with none. Otherwise why not, and what to do.
 * `newestSnapshot`: the highest sequence that a VM's snapshot was folded to; 0: there is none.
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
