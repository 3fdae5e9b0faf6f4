// Boot with wait against its necessary parts: three durable publishes in sequence and the call on the hypervisor's socket.
import type { TestPlane } from '../harness/plane.ts';
import { histogramOf } from './metrics.ts';
import type { Amounts } from './options.ts';
import type { RawPublish } from './raw-publish.ts';
import type { Section } from './report.ts';
import { summarize, timed } from './stats.ts';

const ALLOWED = 1.6;
const CALL = { metric: 'ironlog_hypervisor_call_duration_seconds', labels: { call: 'boot' } };

export const benchBoot = async (test: TestPlane, raw: RawPublish, { bootWarmUp, boots }: Amounts): Promise<Section> => {
  const publishes: number[] = [];
  const cold: number[] = [];
  const waits: number[] = [];
  const calls: number[] = [];
  for (let index = -bootWarmUp; index < boots; index += 1) {
    const id = `boot-${index + bootWarmUp}`;
    await test.command('POST', '/v1/vms', { id, spec: { memoryMiB: 32 } });
    const before = await histogramOf(test, 'vm-executor', CALL);
    const three = await timed(async () => {
      for (let one = 0; one < 3; one += 1) await raw.publish();
    });
    const boot = await timed(() => test.command('POST', `/v1/vms/${id}/boot`, {}));
    const after = await histogramOf(test, 'vm-executor', CALL);
    await test.command('DELETE', `/v1/vms/${id}?force=true`);
    if (index < 0) {
      cold.push(boot);
      continue;
    }
    publishes.push(three);
    waits.push(boot);
    calls.push(((after.sum - before.sum) * 1000) / Math.max(1, after.count - before.count));
  }
  const rows = [
    { what: 'three durable publishes, one after another', unit: 'ms', ...summarize(publishes) },
    { what: "the boot call on the hypervisor's socket", unit: 'ms', ...summarize(calls) },
    { what: 'POST boot with Prefer: wait, from created', unit: 'ms', ...summarize(waits) },
  ] as const;
  const ratio = (rows[2].p50 - rows[1].p50) / rows[0].p50;
  return {
    title: 'Boot',
    rows,
    notes: [
      `Not counted: the first ${cold.length}, before the code is compiled (POST p50 ${summarize(cold).p50.toFixed(2)} ms).`,
    ],
    verdicts: [
      {
        what: '(boot p50 - call p50) / three publishes p50',
        value: ratio.toFixed(2),
        target: `<= ${ALLOWED}`,
        met: ratio <= ALLOWED,
      },
    ],
  };
};
