// Tests of the checker: executors with one planted bug each, which it must find, and the same executors and lifecycle
// without the bug, where it must find nothing.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StandaloneHosts, startStandaloneHosts } from '../harness/standalone-hosts.ts';
import { acksFirst } from './planted/acks-first.ts';
import { forgetsCommands } from './planted/forgets-commands.ts';
import { forgetsItsIncarnation } from './planted/forgets-its-incarnation.ts';
import { spawnsUnseen } from './planted/spawns-unseen.ts';
import { switchedOn } from './planted/switches.ts';
import { takesKillsForDeaths } from './planted/takes-kills-for-deaths.ts';
import { writesUnconditionally } from './planted/writes-unconditionally.ts';

vi.mock('@ironlog/hypervisor', async (original) => {
  const made = await original<typeof import('@ironlog/hypervisor')>();
  const { switchedOn: on } = await import('./planted/switches.ts');
  const broken: Pick<typeof made, 'findAllByDirectory' | 'killProcess'> = {
    findAllByDirectory: async (directory) =>
      on.has('findAllByDirectory') ? { own: [], unread: [] } : made.findAllByDirectory(directory),
    killProcess: async (identity, limits) =>
      on.has('killProcess') ? { kind: 'dead', by: 'SIGKILL' } : made.killProcess(identity, limits),
  };
  return { ...made, ...broken };
});
vi.mock('@ironlog/domain', async (original) => {
  const made = await original<typeof import('@ironlog/domain')>();
  const { switchedOn: on } = await import('./planted/switches.ts');
  const decide: typeof made.decide = (vm, command, context) =>
    made.decide(on.has('decide') ? { ...vm, commands: [] } : vm, command, context);
  return { ...made, decide };
});

const BUGS = [
  acksFirst,
  forgetsCommands,
  forgetsItsIncarnation,
  spawnsUnseen,
  takesKillsForDeaths,
  writesUnconditionally,
];
/** Until pending work has ended. */
const SETTLED = { timeout: 8000, interval: 100 };

let hosts: StandaloneHosts;
beforeAll(async () => {
  hosts = await startStandaloneHosts(2 * BUGS.length);
});
afterEach(() => switchedOn.clear());
afterAll(() => hosts.stop());

describe.each(BUGS)('an executor that $name', ({ found, runLifecycle }) => {
  it('is caught', async () => {
    const host = hosts.next();
    await runLifecycle(host, true);
    await expect.poll(() => host.problems(), SETTLED).toContainEqual(expect.stringMatching(found));
  });
  it('is not reported without the bug', async () => {
    const host = hosts.next();
    await runLifecycle(host, false);
    await expect.poll(() => host.problems(), SETTLED).toEqual([]);
  });
});
