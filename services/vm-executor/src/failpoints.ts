// The executor's failpoints: before and after each of its side effects.
import type { Fail as FailAt } from '@ironlog/service-kit';

export const FAILPOINTS = [
  'before-intent',
  'after-intent',
  'after-ack',
  'before-directory',
  'after-directory',
  'before-spawn',
  'after-spawn',
  'after-launch-record',
  'before-call',
  'after-call',
  'before-outcome',
  'after-outcome',
  'before-kill',
  'after-kill',
  'before-remove',
  'after-remove',
  'before-rejection',
  'after-rejection',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];
export type Fail = FailAt<Failpoint>;
