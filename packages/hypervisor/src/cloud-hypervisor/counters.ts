// Reads `vm.counters`, named numbers for each device, and adds up those of disks and networks.
import { z } from 'zod';
import { type Counters, type DeviceCounters, processCounters } from '../counters.ts';
import { type Outcome, refusal } from '../outcome.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { parseJson } from '../rest/json.ts';
import { untraced } from '../trace-call.ts';
import { accepted, callApi } from './client.ts';

const NAME = 'vm.counters';
/** An unmeasured latency is the largest 64-bit number, which a JavaScript number cannot hold. */
const countersSchema = z.record(z.string(), z.record(z.string(), z.number()));

export async function readCounters(
  handle: ProcessHandle,
  deadline: AbortSignal,
): Promise<Outcome<{ readonly counters: Counters }>> {
  const usage = await processCounters(handle);
  if (!usage.ok) return usage;
  // No span: sampled at an interval, per VM.
  const answer = await callApi({
    trace: untraced,
    socketPath: handle.socketPath,
    method: 'GET',
    name: NAME,
    deadline,
  });
  if (!answer.ok) return answer;
  const taken = accepted(NAME, answer);
  if (!taken.ok) return taken;
  const devices = countersSchema.safeParse(parseJson(answer.text));
  if (!devices.success)
    return refusal('bad-answer', NAME, `${NAME}: the hypervisor's answer holds no counters`, answer.text);
  return { ok: true, counters: { ...usage.counters, ...sumOf(Object.values(devices.data)) } };
}

function sumOf(devices: readonly Readonly<Record<string, number>>[]): DeviceCounters {
  const total = (field: string): number => devices.reduce((sum, device) => sum + (device[field] ?? 0), 0);
  return {
    blockReadBytes: total('read_bytes'),
    blockWrittenBytes: total('write_bytes'),
    netReceivedBytes: total('rx_bytes'),
    netSentBytes: total('tx_bytes'),
  };
}
