import { expect, test } from 'vitest';
import { METRICS, type MetricName } from './metric-table.ts';
import { createMetrics } from './metrics.ts';

const names = Object.keys(METRICS) as MetricName[];

test.each(names)('%s follows the Prometheus conventions for names, units and labels', (name) => {
  const { type, help, labels } = METRICS[name];
  expect(name).toMatch(/^ironlog_[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
  // Only counters end in _total, and base units only: seconds and bytes.
  expect(name.endsWith('_total')).toBe(type === 'counter');
  expect(name).not.toMatch(/_(ms|milliseconds|minutes|mib|kb|count|sum|bucket|info)$/);
  if (/duration|_time|detection/.test(name)) expect(name).toMatch(/_seconds$/);
  expect(help).toMatch(/^[A-Z0-9].*\.$/);
  for (const label of labels) expect(label).toMatch(/^[a-z]+(_[a-z]+)*$/);
  // A label with an id would make a time series per VM or tenant; le and service are reserved.
  expect(labels.filter((label) => /^(le|service|tenant|vm|id|.*_id)$/.test(label))).toEqual([]);
  expect(new Set<string>(labels).size).toBe(labels.length);
});

test('no name is another one plus a histogram suffix', () => {
  const exported = names.flatMap((name) =>
    METRICS[name].type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  expect(new Set(exported).size).toBe(exported.length);
});

test('histogram buckets increase', () => {
  for (const name of names) {
    const metric = METRICS[name];
    if (metric.type !== 'histogram') continue;
    expect([...metric.buckets].sort((a, b) => a - b)).toEqual([...metric.buckets]);
  }
});

test('all metrics fit in one registry with those of the process', async () => {
  const metrics = createMetrics({ service: 'all', process: true });
  for (const name of names) {
    const { type } = METRICS[name];
    if (type === 'counter') metrics.counter(name as 'ironlog_commands_total');
    if (type === 'gauge') metrics.gauge(name as 'ironlog_vms');
    if (type === 'histogram') metrics.histogram(name as 'ironlog_task_duration_seconds');
  }
  const text = await metrics.text();
  for (const name of names) expect(text).toContain(`# TYPE ${name} ${METRICS[name].type}`);
  expect(text).toContain('\nprocess_resident_memory_bytes{');
  expect(text).toContain('\nnodejs_eventloop_lag_p99_seconds{');
  // The rules of `promtool check metrics`: a name ends in _total if and only if it is a counter, and each has a help
  // text.
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => ({ name, type }));
  expect(types.filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'))).toEqual([]);
  expect([...text.matchAll(/^# HELP (\S+) .+$/gm)]).toHaveLength(types.length);
});

test('two services in one process do not share values, and a second request returns the same counter', async () => {
  const [a, b] = [createMetrics({ service: 'a' }), createMetrics({ service: 'b' })];
  a.counter('ironlog_recovery_abandoned_total').inc();
  a.counter('ironlog_recovery_abandoned_total').inc();
  b.counter('ironlog_recovery_abandoned_total').inc();
  expect(await a.text()).toContain('ironlog_recovery_abandoned_total{service="a"} 2');
  expect(await b.text()).toContain('ironlog_recovery_abandoned_total{service="b"} 1');
});
