// Shuts VMs down by an operator's commands before the services stop: the log then records a requested stop. A process
// ended without its executor is recorded as a crash by the next start.
import { setTimeout as wait } from 'node:timers/promises';
import type { VmView } from '@ironlog/schemas';
import { Countdown, vmCount } from '../terminal/countdown.ts';
import { openOperatorClient } from './operator-client.ts';

export interface ShutDownOptions {
  readonly http: string;
  readonly token: string;
  /** VMs of other hosts are skipped: no executor would take their commands. */
  readonly hosts: readonly string[];
  readonly print: (line: string) => void;
  /** Aborted: gives up; the caller ends what still runs. */
  readonly signal: AbortSignal;
}

const AT_ONCE = 32;
const CHECK_EVERY_MS = 200;

/** A VM before its first boot is skipped: no command stops it, and it runs no guest. A task in flight may still make it run. */
const isUp = ({ state, task }: VmView): boolean => task !== null || state === 'running' || state === 'paused';

/** Runs `act` with limited concurrency until all are done. */
const inTurns = async <T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> => {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

/** Repeats until no VM is up: a VM that becomes ready meanwhile is in the next list. */
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

/** Never rejects: a failure is printed, and the caller ends what still runs. */
export const shutDownVms = async (options: ShutDownOptions): Promise<void> => {
  const countdown = new Countdown(options.print);
  try {
    await shutDownAll({ ...options, signal: AbortSignal.any([options.signal, countdown.stalled]) }, countdown);
    if (countdown.left !== undefined) options.print('every VM is shut down, recorded as requested');
  } catch (error) {
    if (options.signal.aborted) return;
    const why = error instanceof Error ? error.message : String(error);
    const which = countdown.left === undefined ? 'no VM was' : `${vmCount(countdown.left)} not`;
    options.print(
      `${which} shut down in order (${why}); what still runs is killed, which the next start records as a crash`,
    );
  } finally {
    countdown.stop();
  }
};
