// A metric that is defined and never set is useless: each must be named outside tests.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '@ironlog/service-kit';
import { ROOT } from '../dev/paths.ts';

const TABLE = 'packages/service-kit/src/telemetry/metric-table.ts';

/** Names of metrics that no source sets. */
export const unusedMetrics = (): string[] => {
  const sources = globSync('{packages,services}/*/src/**/*.ts', { cwd: ROOT })
    .filter((file) => file !== TABLE && !/\.(test|fixture)\.ts$/.test(file))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'));
  return Object.keys(METRICS).filter((name) => !sources.some((text) => text.includes(`'${name}'`)));
};
