// The worker's failpoints: before and after each of its side effects.
import type { Fail as FailAt } from '@ironlog/service-kit';

export const FAILPOINTS = [
  'before-command',
  'after-command',
  'before-append',
  'after-append',
  'before-ack',
  'after-ack',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];
export type Fail = FailAt<Failpoint>;
