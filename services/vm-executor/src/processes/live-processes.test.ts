// How a process's end is classified: by its exit status, unless the guest may have stopped; then by its record.
import type { Hypervisor, LaunchSpec, ProcessEvent, ProcessExit, ProcessHandle } from '@ironlog/hypervisor';
import { expect, test } from 'vitest';
import { LiveProcesses, type ProcessEnd } from './live-processes.ts';

/** A child with the given exit. The watch reports `guestStopped` after `afterMs`; `undefined`: it never reports. */
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
    onGuestPanic: () => undefined,
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

test('a guest stop is recognised, though its record is read half a second later on a busy host', async () => {
  expect(await endingOf({ exitCode: 0, signal: null }, 500)).toMatchObject({ guestStopped: true });
});

test('an orderly exit without a record is a crash', async () => {
  expect(await endingOf({ exitCode: 0, signal: null }, 10, false)).toMatchObject({ guestStopped: false });
});

test.each([
  { exitCode: 1, signal: null },
  { exitCode: null, signal: 'SIGKILL' },
])('any other exit is a crash, and waits for no record: %j', async (exit) => {
  expect(await endingOf(exit, undefined)).toMatchObject({ guestStopped: false, exit });
});
