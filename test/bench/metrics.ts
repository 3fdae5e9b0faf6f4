// Reads a service's `/metrics`, for values that only it can measure.
import type { TestPlane } from '../harness/plane.ts';

export interface Histogram {
  readonly count: number;
  /** Seconds. */
  readonly sum: number;
}

const sumOf = (text: string, series: string, labels: Readonly<Record<string, string>>): number =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${series}{`))
    .filter((line) => Object.entries(labels).every(([name, value]) => line.includes(`${name}="${value}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);

/** Summed over the labels that are not given. */
export const histogramOf = async (
  test: TestPlane,
  service: string,
  { metric, labels }: { readonly metric: string; readonly labels: Readonly<Record<string, string>> },
): Promise<Histogram> => {
  const readyUrl = test.plane.services.find(({ name }) => name === service)?.readyUrl;
  if (readyUrl === undefined) throw new Error(`the plane has no ${service}`);
  const text = await (await fetch(new URL('/metrics', readyUrl))).text();
  return { count: sumOf(text, `${metric}_count`, labels), sum: sumOf(text, `${metric}_sum`, labels) };
};
