// Before the services go, VMs are shut down by commands as any operator's: the log then says who stopped them and that it
// was asked for, where a process that is ended under its executor is a crash to the next start, and counts as one.
import { setTimeout as wait } from 'node:timers/promises';
import type { VmView } from '@ironlog/schemas';
import { Countdown, vmCount } from '../terminal/countdown.ts';
import { openOperatorClient } from './operator-client.ts';

export interface ShutDownOptions {
  readonly http: string;
  readonly token: string;
  /** VMs of other hosts are left: nobody would take their commands. */
  readonly hosts: readonly string[];
  readonly print: (line: string) => void;
  /** Given up: what still runs is its caller's to end. */
  readonly signal: AbortSignal;
}

const AT_ONCE = 32;
const CHECK_EVERY_MS = 200;

/** One that waits to be booted is left: no command stops it, and nothing runs in it. A task in flight may yet make it run. */
const isUp = ({ state, task }: VmView): boolean => task !== null || state === 'running' || state === 'paused';

/** So many at once, until all are done. */
const inTurns = async <T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> => {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

/** Until none is up: what becomes ready for it meanwhile is met at the next look. */
const shutDownAll = async ({ hosts, ...options }: ShutDownOptions, countdown: Countdown): Promise<void> => {
  const operator = openOperatorClient(options);
  for (;;) {
    const up = (await operator.vms()).filter((vm) => vm.host !== null && hosts.includes(vm.host) && isUp(vm));
    if (up.length === 0) return;
    countdown.left = up.length;
    const idle = up.filter(({ task }) => task === null);
    await inTurns(idle, async (vm) => {
      if (await operator.shutDown(vm)) countdown.one();
    });
    if (countdown.left === up.length) await wait(CHECK_EVERY_MS, undefined, { signal: options.signal });
  }
};

/** Never rejects: what could not be shut down is said, and is its caller's to end. */
export const shutDownVms = async (options: ShutDownOptions): Promise<void> => {
  const countdown = new Countdown(options.print);
  try {
    await shutDownAll({ ...options, signal: AbortSignal.any([options.signal, countdown.stalled]) }, countdown);
    if (countdown.left !== undefined) options.print('every VM is shut down, and on record as asked for');
  } catch (error) {
    if (options.signal.aborted) return;
    const why = error instanceof Error ? error.message : String(error);
    const which = countdown.left === undefined ? 'no VM was' : `${vmCount(countdown.left)} not`;
    options.print(`${which} shut down in order (${why}); what runs is ended, which the next start takes for a crash`);
  } finally {
    countdown.stop();
  }
};
