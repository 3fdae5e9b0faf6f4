// How a process's end is told: by its exit at once, unless that may have been its guest's own doing; then by what it left.
import type { Hypervisor, LaunchSpec, ProcessEvent, ProcessExit, ProcessHandle } from '@ironlog/hypervisor';
import { expect, test } from 'vitest';
import { LiveProcesses, type ProcessEnd } from './live-processes.ts';

/** A child that exits as `exit`, and of which the watch says `guestStopped` after `afterMs`; `undefined`: it never says. */
const endingOf = (exit: ProcessExit, afterMs: number | undefined, guestStopped = true): Promise<ProcessEnd> => {
  const hypervisor: Pick<Hypervisor, 'watch'> = {
    watch: (_, report) => {
      const gone: ProcessEvent = { kind: 'gone', guestStopped, reason: 'told' };
      if (afterMs !== undefined) setTimeout(() => report(gone), afterMs);
      return { close: () => undefined };
    },
  };
  const [handle, launch]: [Partial<ProcessHandle>, Partial<LaunchSpec>] = [{}, {}];
  const processes = new LiveProcesses({
    onEnd: () => undefined,
    onGuestReboot: () => undefined,
    onGuestStop: () => undefined,
  });
  const added = processes.add('acme/vm-1', {
    hypervisor: hypervisor as Hypervisor,
    handle: handle as ProcessHandle,
    launch: launch as LaunchSpec,
    exited: Promise.resolve(exit),
  });
  return added.ended;
};

test('a guest that stopped has stopped, also on a host so busy that its word is read half a second later', async () => {
  expect(await endingOf({ exitCode: 0, signal: null }, 500)).toMatchObject({ guestStopped: true });
});

test('an orderly exit of which no word was left is a crash', async () => {
  expect(await endingOf({ exitCode: 0, signal: null }, 10, false)).toMatchObject({ guestStopped: false });
});

test.each([
  { exitCode: 1, signal: null },
  { exitCode: null, signal: 'SIGKILL' },
])('any other is one, and waits for no word of it: %j', async (exit) => {
  expect(await endingOf(exit, undefined)).toMatchObject({ guestStopped: false, exit });
});
