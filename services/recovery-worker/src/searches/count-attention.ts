// Exposes the number of open attention entries as a metric, so that they are seen without a query (P8).
import type { Metrics } from '@ironlog/service-kit';
import type { Reads } from './reads.ts';

export interface CountDeps {
  readonly reads: Pick<Reads, 'attentionCounts'>;
  readonly metrics: Metrics;
}

export const countAttention = async ({ reads, metrics }: CountDeps): Promise<void> => {
  const gauge = metrics.gauge('ironlog_attention_items');
  for (const [kind, count] of Object.entries(reads.attentionCounts())) gauge.set({ kind }, count);
};
