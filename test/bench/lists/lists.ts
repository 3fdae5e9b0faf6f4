// Lists of a read model of a million VMs: what the first page of each costs, read as the gateway reads it.
import { statSync } from 'node:fs';
import { currentFile, openReader, type Reader } from '@ironlog/read-model';
import type { Amounts } from '../options.ts';
import type { Row, Section } from '../report.ts';
import { type Summary, summarize } from '../stats.ts';
import { builtModel } from './built-model.ts';
import { type Ask, type Group, groupsOf } from './requests.ts';

const PAGE_WITHIN_MS = 10;
const RESIDENT_MB = 300;

interface Taken {
  readonly wall: Summary;
  /** Of this thread for one request, on average: the kernel may count it in ticks that are longer than a request. */
  readonly cpuMs: number;
}

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** After one that is not counted: its pages are read from disk, and its code is not compiled yet. */
const measure = (reader: Reader, { read }: Ask, requests: number): Taken => {
  read(reader);
  const cpuBefore = cpuMs();
  const taken = Array.from({ length: requests }, () => {
    const startedAt = performance.now();
    read(reader);
    return performance.now() - startedAt;
  });
  return { wall: summarize(taken), cpuMs: (cpuMs() - cpuBefore) / requests };
};

interface Worst {
  readonly row: Row;
  /** Of the request of the group that takes the most. */
  readonly cpuMs: number;
}

/** The slowest request of the group, by its p99. */
const worstOf = (reader: Reader, { what, asks }: Group, requests: number): Worst => {
  const taken = asks.map((ask) => ({ ask, ...measure(reader, ask, requests) }));
  const [worst] = taken.toSorted((one, other) => other.wall.p99 - one.wall.p99);
  if (!worst) throw new Error(`${what} asks for nothing`);
  const which = asks.length > 1 ? ` (worst of ${asks.length}: ${worst.ask.what})` : '';
  const row = { what: `${what}${which}`, unit: 'ms', ...worst.wall };
  return { row, cpuMs: Math.max(...taken.map((each) => each.cpuMs)) };
};

/** First pages of the read model in `directory`. */
export const measureLists = (directory: string, { listedVms, listRequests }: Amounts): readonly Worst[] => {
  const reader = openReader({ directory });
  try {
    return groupsOf(listedVms).map((group) => worstOf(reader, group, listRequests));
  } finally {
    reader.close();
  }
};

export const benchLists = async (amounts: Amounts): Promise<Section> => {
  const { listedVms } = amounts;
  const { directory, ...built } = await builtModel(listedVms);
  const file = currentFile(directory, 'state');
  const worst = measureLists(directory, amounts);
  const slowest = Math.max(...worst.map(({ row }) => row.p99));
  const mostCpu = Math.max(...worst.map((each) => each.cpuMs));
  return {
    title: `Lists (first page of 100; ${listedVms.toLocaleString('en-US')} VMs, a fifth of them live, 50 tenants, one with half)`,
    rows: worst.map(({ row }) => row),
    verdicts: [
      {
        what: 'first page of every list and filter, p99',
        value: `${slowest.toFixed(1)} ms`,
        target: `<= ${PAGE_WITHIN_MS} ms`,
        met: slowest <= PAGE_WITHIN_MS,
      },
      {
        what: 'CPU time of the costliest, mean (what it takes on idle cores)',
        value: `${mostCpu.toFixed(1)} ms`,
        target: `<= ${PAGE_WITHIN_MS} ms`,
        met: mostCpu <= PAGE_WITHIN_MS,
      },
      {
        what: 'memory of the process that folds the log, at most',
        value: `${built.residentMb.toFixed(0)} MB`,
        target: `<= ${RESIDENT_MB} MB`,
        met: built.residentMb <= RESIDENT_MB,
      },
    ],
    notes: [
      `folded from ${built.events.toLocaleString('en-US')} events in ${(built.ms / 1000).toFixed(0)} s, the log made in the same process;`,
      `the file has ${(file === undefined ? 0 : statSync(file).size / 1e6).toFixed(0)} MB`,
    ],
  };
};
