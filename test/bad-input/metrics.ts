// Reads one counter of one service from its /metrics, summed over its labels.
import type { MetricName } from '@ironlog/service-kit';
import type { TestPlane } from '../harness/plane.ts';

export const counterOf = async (test: TestPlane, service: string, name: MetricName): Promise<number> => {
  const planned = test.plane.services.find((candidate) => candidate.name === service);
  if (!planned) throw new Error(`there is no service ${service}`);
  const response = await fetch(planned.readyUrl.replace(/\/readyz$/, '/metrics'));
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
};
