// A VM's counters: the usage of its process, and what its hypervisor counts for its devices.
import { type Outcome, refusal } from './outcome.ts';
import { type ProcessUsage, usageOf } from './process/table/usage.ts';
import type { ProcessHandle } from './process-handle.ts';

/** Sums over all devices since the guest's start; absent where the hypervisor reports none. */
export interface DeviceCounters {
  readonly blockReadBytes?: number;
  readonly blockWrittenBytes?: number;
  readonly netReceivedBytes?: number;
  readonly netSentBytes?: number;
}

export type Counters = ProcessUsage & DeviceCounters;

/** Process counters only. */
export async function processCounters({ identity }: ProcessHandle): Promise<Outcome<{ readonly counters: Counters }>> {
  const usage = await usageOf(identity);
  if (usage !== null) return { ok: true, counters: usage };
  return refusal('unreachable', 'counters', 'counters: the hypervisor process is gone', `process ${identity.pid}`);
}
