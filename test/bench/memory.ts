// Memory as PSS, in which a page shared by n processes counts for 1/n in each.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import type { Amounts } from './options.ts';
import type { Row, Section } from './report.ts';

const TARGET_MB = 400;
const SERVICES = ['api-gateway', 'vm-executor', 'state-projector', 'recovery-worker'] as const;
const AT_ONCE = 10;

/** MB of 1,000,000 bytes. Source: /proc/<pid>/smaps_rollup, in KiB. */
const pssMb = (test: TestPlane, service: string): number => {
  const pid = test.plane.supervisor.pidOf(service);
  const line = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  if (!line) throw new Error(`/proc/${pid}/smaps_rollup of ${service} has no Pss`);
  return (Number(line[1]) * 1024) / 1e6;
};

const row = (what: string, value: number): Row => ({ what, unit: 'MB', n: 1, p50: value, p99: value });

/** On its own plane, before any other measurement. */
export const benchMemory = async ({ idleSeconds, residentVms }: Amounts): Promise<Section> => {
  const test = await startTestPlane();
  try {
    await sleep(idleSeconds * 1000);
    const idle = SERVICES.map((service) => ({ service, mb: pssMb(test, service) }));
    const total = idle.reduce((sum, { mb }) => sum + mb, 0);
    for (let from = 0; from < residentVms; from += AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, residentVms - from) }, (_, index) =>
          test.command('POST', '/v1/vms', { id: `resident-${from + index}`, start: true, spec: { memoryMiB: 32 } }),
        ),
      );
    return {
      title: `Memory (PSS; idle for ${idleSeconds} s, one host, tracing off)`,
      rows: [
        ...idle.map(({ service, mb }) => row(`${service}, idle`, mb)),
        row('the four services together, idle', total),
        row(`vm-executor with ${residentVms} running VMs`, pssMb(test, 'vm-executor')),
      ],
      verdicts: [
        {
          what: 'the four services together, idle',
          value: `${total.toFixed(0)} MB`,
          target: `< ${TARGET_MB} MB`,
          met: total < TARGET_MB,
        },
      ],
    };
  } finally {
    await test.stop();
  }
};
