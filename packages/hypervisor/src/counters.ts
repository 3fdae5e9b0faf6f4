// A VM's counters: what every process tells of itself, and beside it what its hypervisor counts.
import { type Outcome, refusal } from './outcome.ts';
import { type ProcessUsage, usageOf } from './process/table/usage.ts';
import type { ProcessHandle } from './process-handle.ts';

/** Of all devices together, since the guest's start; absent where the hypervisor does not tell. */
export interface DeviceCounters {
  readonly blockReadBytes?: number;
  readonly blockWrittenBytes?: number;
  readonly netReceivedBytes?: number;
  readonly netSentBytes?: number;
}

export type Counters = ProcessUsage & DeviceCounters;

/** Those of the process alone. */
export async function processCounters({ identity }: ProcessHandle): Promise<Outcome<{ readonly counters: Counters }>> {
  const usage = await usageOf(identity);
  if (usage !== null) return { ok: true, counters: usage };
  return refusal('unreachable', 'counters', 'counters: the hypervisor process is gone', `process ${identity.pid}`);
}
