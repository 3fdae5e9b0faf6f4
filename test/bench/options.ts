// The bench's options, and its amounts.
import { parseArgs } from 'node:util';
import { UsageError } from '@ironlog/infra';

export const PARTS = ['accept', 'boot', 'rebuild', 'crash', 'memory', 'waiting', 'reads', 'lists'] as const;
export type Part = (typeof PARTS)[number];

export interface Amounts {
  /** Done and not counted: a service that has just started runs uncompiled code, and costs twice as much. */
  readonly acceptWarmUp: number;
  readonly bootWarmUp: number;
  readonly acceptEach: number;
  readonly acceptManyEach: number;
  readonly boots: number;
  readonly events: number;
  readonly vms: number;
  readonly rebuilds: number;
  readonly crashes: number;
  readonly residentVms: number;
  readonly idleSeconds: number;
  readonly waiting: number;
  readonly waitingIdleSeconds: number;
  readonly waitingStarts: number;
  readonly readRounds: number;
  readonly readSeconds: number;
  readonly listedVms: number;
  readonly listRequests: number;
}

const FULL: Amounts = {
  acceptWarmUp: 300,
  bootWarmUp: 300,
  acceptEach: 500,
  acceptManyEach: 1500,
  boots: 100,
  events: 200_000,
  vms: 25_000,
  rebuilds: 3,
  crashes: 20,
  residentVms: 200,
  idleSeconds: 30,
  waiting: 10_000,
  waitingIdleSeconds: 60,
  waitingStarts: 20,
  readRounds: 3,
  readSeconds: 4,
  listedVms: 1_000_000,
  listRequests: 100,
};

/** To check that everything runs; the numbers are meaningless. */
export const QUICK: Amounts = {
  acceptWarmUp: 5,
  bootWarmUp: 1,
  acceptEach: 20,
  acceptManyEach: 64,
  boots: 3,
  events: 2_000,
  vms: 250,
  rebuilds: 1,
  crashes: 2,
  residentVms: 5,
  idleSeconds: 1,
  waiting: 50,
  waitingIdleSeconds: 1,
  waitingStarts: 2,
  readRounds: 1,
  readSeconds: 1,
  listedVms: 2_000,
  listRequests: 3,
};

export const USAGE = `npm run bench -- [--only ${PARTS.join('|')}] [--quick]
  Prints n, p50, p99 and ratios; a missed target is printed and does not fail the run.
  --help   this text`;

export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly amounts: Amounts;
}

const parse = (args: readonly string[]) => {
  const flag = { type: 'boolean', default: false } as const;
  const options = { only: { type: 'string', multiple: true }, quick: flag, help: flag } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
};

/** Undefined: help was requested. @throws UsageError with the accepted values. */
export const readOptions = (args: readonly string[]): BenchOptions | undefined => {
  const values = parse(args);
  if (values.help) return undefined;
  const only = values.only ?? [...PARTS];
  const unknown = only.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new UsageError(`--only ${JSON.stringify(unknown)}: there is no such part\n${USAGE}`);
  return { parts: PARTS.filter((part) => only.includes(part)), amounts: values.quick ? QUICK : FULL };
};
