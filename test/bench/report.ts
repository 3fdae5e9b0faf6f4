// The bench's table: measured rows, and below them each ratio with its target.
import type { Summary } from './stats.ts';

export interface Row extends Summary {
  readonly what: string;
  readonly unit: string;
}

/** `met` is printed, not enforced, because the machine may be busy. */
export interface Verdict {
  readonly what: string;
  readonly value: string;
  readonly target: string;
  readonly met: boolean;
}

export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
  /** Notes for the interpretation of the numbers. */
  readonly notes?: readonly string[];
}

const number = (value: number): string => {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
};

const WIDTH = 58;

const rowLine = ({ what, unit, n, p50, p99 }: Row): string =>
  `  ${what.padEnd(WIDTH)} n=${String(n).padStart(6)}  p50 ${number(p50).padStart(9)}  p99 ${number(p99).padStart(9)}  ${unit}`;

const verdictLine = ({ what, value, target, met }: Verdict): string =>
  `  ${what.padEnd(WIDTH)} ${value.padStart(9)}  (target ${target}: ${met ? 'met' : 'MISSED'})`;

export const render = ({ title, rows, verdicts, notes = [] }: Section): string =>
  [title, ...rows.map(rowLine), ...verdicts.map(verdictLine), ...notes.map((note) => `  ${note}`), ''].join('\n');
