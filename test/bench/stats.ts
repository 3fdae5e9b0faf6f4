// The statistics of a list of measurements.
export interface Summary {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
}

/** The nearest-rank percentile. @throws RangeError for an empty list. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no values to take a percentile of');
  return value;
};

export const summarize = (values: readonly number[]): Summary => ({
  n: values.length,
  p50: percentile(values, 0.5),
  p99: percentile(values, 0.99),
});

/** Milliseconds that `act` took. */
export const timed = async (act: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
};
