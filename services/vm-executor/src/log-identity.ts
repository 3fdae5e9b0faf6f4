// Is this the log that this host has worked with? Before anything is reaped, that must be certain (P4).
import type { LogInfo } from '@ironlog/event-log';
import type { HostFile } from './state-directory.ts';

/** `undefined`: it is, or this host has worked with none. Otherwise why not, and what to do. */
export const whyAnotherLog = (
  { log }: HostFile,
  info: LogInfo,
): { reason: string; actionRequired: string } | undefined => {
  if (!log) return undefined;
  const actionRequired =
    'point the executor at the log it belongs to; or, if that log is lost for good, end its VMs by hand and start it on an empty state directory';
  const createdAt = info.createdAt.toISOString();
  if (createdAt !== log.createdAt)
    return {
      reason: `EVENTS was created at ${createdAt}, this host worked with one of ${log.createdAt}`,
      actionRequired,
    };
  if (info.lastSequence < log.lastSequence) {
    return {
      reason: `EVENTS ends at ${info.lastSequence}, this host has seen ${log.lastSequence}: an older copy was put back`,
      actionRequired,
    };
  }
  return undefined;
};
