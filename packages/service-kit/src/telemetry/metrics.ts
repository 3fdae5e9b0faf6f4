/** One service's metrics: typed by the table, in their own registry so that several services fit in one process. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { type LabelOf, METRICS, type MetricName, type NameOf } from './metric-table.ts';

/** A service's instruments by name. A second request returns the same instrument. */
export interface Metrics {
  counter<Name extends NameOf<'counter'>>(name: Name): Counter<LabelOf<Name>>;
  gauge<Name extends NameOf<'gauge'>>(name: Name): Gauge<LabelOf<Name>>;
  histogram<Name extends NameOf<'histogram'>>(name: Name): Histogram<LabelOf<Name>>;
  /** The text that Prometheus scrapes, to be sent with `contentType`. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Settings of `createMetrics`. */
export interface MetricsOptions {
  readonly service: string;
  /** Also measure the process itself (memory, event loop, GC), once per process. Default false. */
  readonly process?: boolean;
}

/** Gauges of prom-client with a counter's name: `nodejs_active_resources` and others have the same data by type. */
const GAUGES_NAMED_TOTAL = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

/** An empty set of metrics; each sample carries `service`. */
export const createMetrics = ({ service, process = false }: MetricsOptions): Metrics => {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  // Under their usual names (process_*, nodejs_*), which existing dashboards expect.
  if (process) {
    collectDefaultMetrics({ register: registry });
    for (const name of GAUGES_NAMED_TOTAL) registry.removeSingleMetric(name);
  }

  const made = new Map<MetricName, Metric>();
  const once = <Instrument extends Metric>(name: MetricName, make: () => Instrument): Instrument => {
    const instrument = made.get(name) ?? make();
    made.set(name, instrument);
    // The name determines the kind and the labels (METRICS), which a Map's value type cannot express.
    return instrument as Instrument;
  };
  const settings = (name: MetricName) => ({ name, help: METRICS[name].help, registers: [registry] });

  return {
    counter: <Name extends NameOf<'counter'>>(name: Name) =>
      once(name, () => new Counter<LabelOf<Name>>({ ...settings(name), labelNames: [...METRICS[name].labels] })),
    gauge: <Name extends NameOf<'gauge'>>(name: Name) =>
      once(name, () => new Gauge<LabelOf<Name>>({ ...settings(name), labelNames: [...METRICS[name].labels] })),
    histogram: <Name extends NameOf<'histogram'>>(name: Name) => {
      const { labels, buckets } = METRICS[name];
      return once(
        name,
        () => new Histogram<LabelOf<Name>>({ ...settings(name), labelNames: [...labels], buckets: [...buckets] }),
      );
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
};
